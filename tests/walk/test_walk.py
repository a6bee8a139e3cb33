"""The whole story of one mention, on both databases, with the real Mastodon client against the simulated server.

Posts are heard, scored by the shipped model, raise alerts, an agent answers, the answer stands on the platform once,
the manager's digest counts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from alerts import digest, people, reply
from alerts.models import Alert, Person, Reply, Suggestion
from alerts.triage import triage
from listener import brands, collect, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from listener.models import Hit, Mention, Poll
from listener.settings import ListenerSettings
from listener.simulator import Simulator
from listener.vault import Vault
from sentiment.models import Score
from sentiment.reader import Reader
from sentiment.score import score


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    made = Simulator(live=False)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def ground(simulator: Simulator, tmp_path: Path) -> Ground:
    http = Http(allow=[simulator.base_url.removeprefix("http://")])
    return Ground(http=http, vault=Vault.open(tmp_path / "secret.key"), settings=ListenerSettings())


def listen(db: Database, ground: Ground, simulator: Simulator) -> int:
    world = simulator.world
    brands.add(db, world.brand_name, query=world.brand_query)
    return sources.add(
        db,
        ground,
        "mastodon",
        name="Mastodon",
        brand=world.brand_name,
        settings={"base_url": simulator.base_url, "access_token": simulator.token},
        since=now() - timedelta(days=8),
    )


def work_off(db: Database, ground: Ground, source_id: int, reader: Reader) -> None:
    outcome = collect.poll(db, ground, source_id, force=True)
    assert outcome.error is None
    while score(db, reader, limit=64):
        pass
    while waiting(db):
        triage(db, limit=64)


def waiting(db: Database) -> int:
    with db.read() as session:
        return (
            session.scalar(select(func.count()).select_from(Mention).where(Mention.stage != "triaged")) or 0
        )


def test_from_a_post_to_a_digest(db: Database, ground: Ground, simulator: Simulator, reader: Reader) -> None:
    source_id = listen(db, ground, simulator)
    work_off(db, ground, source_id, reader)

    with db.read() as session:
        mentions = session.scalar(select(func.count()).select_from(Mention)) or 0
        scores = session.scalar(select(func.count()).select_from(Score)) or 0
        hits = session.scalar(select(func.count()).select_from(Hit)) or 0
        polls = session.scalars(select(Poll)).all()
        alert = session.scalars(
            select(Alert).where(Alert.state == "open", Alert.kind == "alert", Alert.reply_mode == "api")
            .order_by(Alert.level.desc(), Alert.id).limit(1)
        ).one()  # fmt: skip
        suggestion = session.scalars(
            select(Suggestion).where(Suggestion.mention_id == alert.latest_mention_id)
        ).one()
    assert mentions >= 60
    assert scores == hits == mentions
    assert sum(poll.new for poll in polls) == mentions
    assert alert.level >= 2
    assert suggestion.text

    # a second poll hears the same posts and stores nothing twice
    work_off(db, ground, source_id, reader)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Mention)) == mentions

    person_id = people.add_person(
        db, "dana@example.test", role="lead", password="a long pass phrase", brands=[], name="Dana"
    )
    reply_id = reply.approve(
        db,
        ground,
        mention_id=alert.latest_mention_id,
        text=suggestion.text,
        person_id=person_id,
        undo_seconds=0,
    )
    assert reply.send(db, ground) == [reply_id]
    assert reply.send(db, ground) == []
    with db.read() as session:
        sent = session.get_one(Reply, reply_id)
        answered = session.get_one(Alert, alert.id)
    assert sent.state == "sent"
    assert sent.external_id
    assert answered.state == "answered"
    assert answered.first_response_at is not None
    assert [post.id for post in simulator.world.replies_by_brand()].count(sent.external_id) == 1

    # our own reply is heard by the next poll and does not become a mention
    work_off(db, ground, source_id, reader)
    with db.read() as session:
        assert session.scalar(
            select(func.count()).select_from(Mention).where(Mention.external_id == sent.external_id)
        ) == 0  # fmt: skip

    with db.read() as session:
        manager = session.get_one(Person, person_id)
        data = digest.build(session, manager, "daily", (now() - timedelta(days=1)).date())
    assert data.total.mentions > 0


def test_accepted_then_503_ends_as_one_reply(
    db: Database, ground: Ground, simulator: Simulator, reader: Reader
) -> None:
    source_id = listen(db, ground, simulator)
    work_off(db, ground, source_id, reader)
    with db.read() as session:
        alert = session.scalars(
            select(Alert).where(Alert.reply_mode == "api", Alert.kind == "alert").limit(1)
        ).one()
    person_id = people.add_person(
        db, "dana@example.test", role="agent", password="a long pass phrase", brands=[], name="Dana"
    )
    before = len(simulator.world.replies_by_brand())
    simulator.faults.set("accepted_then_503", times=1, path="/statuses")
    reply_id = reply.approve(
        db,
        ground,
        mention_id=alert.latest_mention_id,
        text="We are on it.",
        person_id=person_id,
        undo_seconds=0,
    )
    reply.send(db, ground)
    with db.read() as session:
        assert session.get_one(Reply, reply_id).state == "unknown"
    reply.resolve(db, ground, at=now() + timedelta(minutes=5))
    with db.read() as session:
        found = session.get_one(Reply, reply_id)
    assert found.state == "sent"
    assert found.external_id
    assert len(simulator.world.replies_by_brand()) == before + 1
