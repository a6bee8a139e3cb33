"""A reply whose call failed after the platform took it: one public reply, known by its id, on each social platform.

From the post that is heard, through the database and the outbox, to the look that finds the reply again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts import people, reply
from alerts.models import Reply
from listener import brands, collect, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention, OwnPost
from tests.listener.channels.social_room import Platform, platform
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Asked, site

__all__ = ["platform", "site"]
TEXT = "Sorry about that & thank you: we are on it, see https://acme.example.test/status_page"
BUSY = Answer(status=503)
LATER = timedelta(minutes=3)  # than any platform's read lag


@pytest.fixture
def kit() -> Ground:
    return ground()


@contextmanager
def answering(platform: Platform, fault: Callable[[Asked], Answer]) -> Iterator[None]:
    """Let `fault` answer whoever posts, as long as the block runs."""
    platform.tiny.fault = lambda asked: (
        fault(asked) if asked.method == "POST" and asked.path == platform.posts else None
    )
    yield
    platform.tiny.fault = None


def heard(db: Database, kit: Ground, platform: Platform) -> tuple[int, int]:
    """Hear one complaint; return (source, mention)."""
    platform.publish("@acme your acme router is dead")
    brands.add(db, "Acme", query="acme")
    source_id = sources.add(db, kit, platform.kind, name="social", brand="Acme", settings=platform.settings)
    outcome = collect.poll(db, kit, source_id, force=True)
    assert outcome.error is None
    with db.read() as session:
        return source_id, session.scalars(select(Mention.id)).one()


def approved(db: Database, kit: Ground, mention_id: int) -> int:
    person_id = people.add_person(db, "mia@example.test", "agent", "a long pass phrase")
    return reply.approve(db, kit, mention_id=mention_id, text=TEXT, person_id=person_id, undo_seconds=0)


def row(db: Database, reply_id: int) -> Reply:
    with db.read() as session:
        return session.get_one(Reply, reply_id)


def test_taken_and_then_a_503_is_one_reply_and_its_id_is_known(
    sqlite_db: Database, kit: Ground, platform: Platform
) -> None:
    source_id, mention_id = heard(sqlite_db, kit, platform)
    reply_id = approved(sqlite_db, kit, mention_id)

    def take_and_break(asked: Asked) -> Answer:
        platform.take(asked)
        return BUSY

    with answering(platform, take_and_break):
        reply.send(sqlite_db, kit)
    assert row(sqlite_db, reply_id).state == "unknown"
    assert reply.resolve(sqlite_db, kit, at=now() + LATER) == [reply_id]
    reply.send(sqlite_db, kit, at=now() + 2 * LATER)
    (public,) = platform.replies()
    found = row(sqlite_db, reply_id)
    assert (found.state, found.external_id) == ("sent", public)
    assert found.url is not None
    assert found.url.startswith("https://")
    collect.poll(sqlite_db, kit, source_id, force=True)
    with sqlite_db.read() as session:
        assert len(session.scalars(select(Mention.id)).all()) == 1  # our own answer is no mention
        assert session.scalars(select(OwnPost.external_id)).all() == [public]


def test_not_taken_is_sent_again_and_then_public_once(
    sqlite_db: Database, kit: Ground, platform: Platform
) -> None:
    _, mention_id = heard(sqlite_db, kit, platform)
    reply_id = approved(sqlite_db, kit, mention_id)
    with answering(platform, lambda asked: BUSY):
        reply.send(sqlite_db, kit)
    assert row(sqlite_db, reply_id).state == "unknown"
    reply.resolve(sqlite_db, kit, at=now() + LATER)
    reply.send(sqlite_db, kit, at=now() + 2 * LATER)
    (public,) = platform.replies()
    assert (row(sqlite_db, reply_id).state, row(sqlite_db, reply_id).external_id) == ("sent", public)
