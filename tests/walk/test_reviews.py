"""Answers on review sites through the outbox: one on the platform, whatever happens to the call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from alerts import people, reply
from alerts.errors import Conflict
from alerts.models import Reply
from alerts.native import native_replies
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention
from tests.listener.channels.review_platforms import ONE_ANSWER, PLATFORMS, REPLIES
from tests.listener.channels.review_room import Platform, Room, says
from tests.listener.rooms import ground, no_tokens
from tests.listener.web_room import Answer, Site, site

__all__ = ["no_tokens", "site"]
TEXT = "We are sorry, and we are on it."


@pytest.fixture
def kit() -> Ground:
    return ground()


@pytest.fixture
def platform(name: str, site: Site) -> Platform:
    return PLATFORMS[name](site)


@pytest.fixture
def room(sqlite_db: Database, kit: Ground, platform: Platform) -> Room:
    return Room(sqlite_db, kit, platform).open()


@pytest.fixture
def person(sqlite_db: Database) -> int:
    return people.add_person(
        sqlite_db, "dana@example.test", role="lead", password="a long pass phrase", brands=[], name="Dana"
    )


def heard(room: Room, platform: Platform) -> int:
    said = platform.publish()
    room.hear()
    return room.stored()[said.id].id


def answer(room: Room, mention_id: int, person: int, text: str = TEXT, *, again: bool = False) -> int:
    return reply.approve(
        room.db, room.kit, mention_id=mention_id, text=text, person_id=person, undo_seconds=0, again=again
    )


def replies(room: Room) -> list[Reply]:
    with room.db.read() as session:
        return list(session.scalars(select(Reply).order_by(Reply.id)))


@pytest.mark.parametrize("name", REPLIES)
def test_accepted_and_then_503_ends_as_one_answer_that_we_know(
    room: Room, platform: Platform, person: int
) -> None:
    mention_id = heard(room, platform)
    platform.after_write = says({"error": {"code": 503, "message": "oops"}}, 503)
    answer(room, mention_id, person)
    reply.send(room.db, room.kit)
    assert [row.state for row in replies(room)] == ["unknown"]
    reply.resolve(room.db, room.kit, at=now() + timedelta(minutes=5))
    (sent,) = replies(room)
    assert (sent.state, bool(sent.external_id)) == ("sent", True)
    assert len(platform.posted) == 1
    room.hear()  # the answer comes back with its review: it is ours, not a colleague's
    assert native_replies(room.db) == 0
    assert len(replies(room)) == 1


@pytest.mark.parametrize("name", REPLIES)
def test_never_arrived_is_sent_again_once(room: Room, platform: Platform, person: int) -> None:
    mention_id = heard(room, platform)
    plain, failed = platform.answer, []

    def drop(asked: object) -> Answer:
        if platform.is_reply(asked) and not failed:  # type: ignore[arg-type]
            failed.append(asked)
            return Answer(status=502)
        return plain(asked)  # type: ignore[arg-type]

    platform.answer = drop  # type: ignore[method-assign]
    answer(room, mention_id, person)
    reply.send(room.db, room.kit)
    reply.resolve(room.db, room.kit, at=now() + timedelta(minutes=5))
    assert [row.state for row in replies(room)] == ["approved"]
    reply.send(room.db, room.kit, at=now() + timedelta(minutes=6))
    assert [row.state for row in replies(room)] == ["sent"]
    assert len(platform.posted) == 1


@pytest.mark.parametrize("name", ONE_ANSWER)
def test_a_colleagues_answer_on_the_platform_is_shown_and_not_replaced_by_accident(
    room: Room, platform: Platform, person: int
) -> None:
    mention_id = heard(room, platform)
    answer(room, mention_id, person)  # approved here, while a colleague answers there
    platform.reviews[0].answer, platform.reviews[0].answered_at = "Please call us.", datetime.now(UTC)
    reply.send(room.db, room.kit)
    (row,) = replies(room)
    assert (row.state, platform.posted) == ("failed", [])
    assert "replaced that unread" in (row.error or "")
    room.hear()
    assert native_replies(room.db) == 1
    with room.db.read() as session:
        assert session.get_one(Mention, mention_id).existing_reply == "Please call us."
    with pytest.raises(Conflict):
        answer(room, mention_id, person)
    answer(room, mention_id, person, again=True)  # seen, and replaced on purpose
    reply.send(room.db, room.kit)
    assert platform.posted == [(platform.reviews[0].id, TEXT)]
    assert [row.state for row in replies(room)].count("sent") == 2


@pytest.mark.parametrize("name", ONE_ANSWER)
def test_our_own_answer_is_edited_by_a_second_one(room: Room, platform: Platform, person: int) -> None:
    mention_id = heard(room, platform)
    answer(room, mention_id, person)
    reply.send(room.db, room.kit)
    room.hear()
    answer(room, mention_id, person, "It is fixed now.", again=True)
    reply.send(room.db, room.kit)
    room.hear()
    first, second = replies(room)
    assert (first.state, second.state) == ("sent", "sent")
    assert first.external_id == second.external_id  # there is one answer, and this is it
    with room.db.read() as session:
        assert session.get_one(Mention, mention_id).existing_reply == "It is fixed now."
    assert native_replies(room.db) == 0
