"""Streams in the walk of a mention: what arrives is scored at once, and a restored instance opens none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from alerts import holding, pipeline
from listener.db import Database
from listener.ground import Ground
from listener.models import Account
from listener.streams.supervisor import Streams
from tests.alerts.test_pipeline import App
from tests.listener.rooms import ground, page, parrot, post
from tests.listener.streams.room import Brook, brook, furnish, is_up, row
from tests.listener.wire_room import until

__all__ = ["brook", "parrot"]


@pytest.fixture
def kit() -> Ground:
    return ground()


@pytest.fixture
def app(sqlite_db: Database, kit: Ground) -> App:
    return App(sqlite_db, kit)


@pytest.fixture
def streams(app: App) -> Iterator[Streams]:
    made = pipeline.streams(app)  # type: ignore[arg-type]
    yield made
    made.stop()


def test_what_arrives_wakes_the_next_step(
    sqlite_db: Database, kit: Ground, brook: type[Brook], app: App, streams: Streams
) -> None:
    (source_id,) = furnish(sqlite_db, kit, "one")
    with sqlite_db.work() as session:
        session.scalars(select(Account)).one().limits = {"ours": ["acme_help"]}
    streams.start()
    until(lambda: is_up(sqlite_db, source_id))
    brook.arrivals.put(page(post("1", "nothing of ours")))
    brook.arrivals.put(page(post("2")))
    until(lambda: app.wake.jobs == [("score",)])
    brook.arrivals.put(page(post("3", "we are on it", author="acme_help", parent_id="2", thread_id="2")))
    until(lambda: app.wake.jobs == [("score",), ("triage",)])


def test_a_restored_instance_opens_no_stream_before_it_is_confirmed(
    sqlite_db: Database, kit: Ground, brook: type[Brook], streams: Streams
) -> None:
    (source_id,) = furnish(sqlite_db, kit, "one")
    with sqlite_db.work() as session:
        holding.hold(session, "restored")
    streams.look()
    assert brook.connected == []
    with sqlite_db.work() as session:
        assert holding.confirm(session)
    streams.look()
    until(lambda: is_up(sqlite_db, source_id))
    with sqlite_db.work() as session:
        holding.hold(session, "restored")
    streams.look()
    until(lambda: row(sqlite_db, source_id).holder is None)
