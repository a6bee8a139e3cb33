"""The ledger of real polls: what was asked and seen, cut short, made up for, pushed, and how late posts were shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, collect, coverage, sources
from listener.collect.page import Target, save
from listener.coverage import Cause
from listener.db import Database
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Poll, Source
from tests.listener.rooms import NOON, furnish, page, post

Say = Callable[..., None]
HOUR = timedelta(hours=1)


def poll(db: Database, kit: Ground, source_id: int, at: datetime) -> None:
    collect.poll(db, kit, source_id, force=True, at=at)


def lines(db: Database, source_id: int) -> list[coverage.Line]:
    with db.read() as session:
        return coverage.lines(session, source_id, since=NOON - HOUR)


def test_each_poll_notes_the_window_asked_and_seen(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(
        page(
            post("1", at=NOON - HOUR),
            post("2", at=NOON - 3 * HOUR),
            post("3", at=NOON + timedelta(days=9999)),
        )
    )
    poll(db, kit, source_id, NOON)
    say(page(post("4", at=NOON + timedelta(minutes=2))))
    poll(db, kit, source_id, NOON + timedelta(minutes=5))
    second, first = lines(db, source_id)
    assert first.asked_from == NOON - timedelta(hours=24)  # a first run reads back a day
    assert (first.oldest_at, first.newest_at) == (NOON - 3 * HOUR, NOON - HOUR)  # 2099 is no window
    assert second.asked_from == NOON  # all up to the first poll's begin was read
    assert (second.started_at, second.fetched, second.new) == (NOON + timedelta(minutes=5), 1, 1)


def test_what_one_run_leaves_is_asked_again_and_then_healed(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1")))
    poll(db, kit, source_id, NOON)
    say(page(post("2"), truncated=True))
    for minute in (5, 10, 15):
        poll(db, kit, source_id, NOON + timedelta(minutes=minute))
    with db.read() as session:
        assert session.get_one(Source, source_id).complete_at == NOON
    say(page(post("3"), backfilled=True))
    poll(db, kit, source_id, NOON + timedelta(minutes=20))
    last = lines(db, source_id)[0]
    assert (last.asked_from, last.backfilled, last.truncated) == (NOON, True, False)
    with db.work() as session:
        session.get_one(Source, source_id).created_at = NOON
    (row,) = coverage.summary(db, since=NOON - HOUR, at=NOON + timedelta(minutes=21))
    assert (row.polls, row.truncated, row.backfilled, row.new) == (5, 3, 1, 3)
    (gap,) = row.blind
    assert (gap.cause, gap.until is not None) == (Cause.TRUNCATED, True)


def test_posts_that_a_platform_shows_late_are_counted(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1", at=NOON - HOUR)))
    poll(db, kit, source_id, NOON)
    assert lines(db, source_id)[0].lag_seconds is None  # the first run hears old posts
    say(
        page(
            post("in time", at=NOON + timedelta(minutes=4)),
            post("was there at noon", at=NOON - timedelta(minutes=10)),
            post("half a minute before", at=NOON - timedelta(seconds=30)),
            post("history", at=NOON - timedelta(days=3)),
        )
    )
    poll(db, kit, source_id, NOON + timedelta(minutes=5))
    last = lines(db, source_id)[0]
    assert last.late == 1
    assert last.lag_seconds == pytest.approx(330, abs=30)  # of 1, 5.5 and 15 minutes
    (row,) = coverage.summary(db, since=NOON - HOUR, at=NOON + timedelta(minutes=6))
    assert (row.late, row.platform_lag_seconds) == (1, last.lag_seconds)
    assert "1 shown late" in row.lines()[0]


def test_what_is_pushed_heals_nothing(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1")))
    poll(db, kit, source_id, NOON)
    say(ChannelError("HTTP 401"))
    poll(db, kit, source_id, NOON + timedelta(minutes=5))
    with db.work() as session:
        at = NOON + timedelta(minutes=20)
        session.get_one(Source, source_id).created_at = NOON
        pushed = Poll(source_id=source_id, started_at=at, ended_at=at, pushed=True)
        session.add(pushed)
        session.flush()
        target = Target(
            source_id, 1, 1, "parrot", brands.queries_of(session, 1),
            may_reply=lambda _post: pytest.fail("asked"), poll_id=pushed.id,
        )  # fmt: skip
        save(session, source_id, page(), target, at=at)
    (row,) = coverage.summary(db, since=NOON, at=NOON + timedelta(minutes=30))
    assert (row.polls, row.pushed, row.errors) == (2, 1, 1)
    assert [(gap.until, gap.reason) for gap in row.blind] == [(None, "HTTP 401")]


def test_a_gap_that_began_before_the_period_is_told_from_its_beginning(
    db: Database, kit: Ground, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1")))
    poll(db, kit, source_id, NOON)
    (row,) = coverage.summary(db, since=NOON + HOUR, at=NOON + 3 * HOUR)
    (gap,) = row.blind
    assert abs(gap.since - NOON) < timedelta(seconds=50)
    assert gap.cause is Cause.STOPPED
    (row,) = coverage.summary(db, since=NOON + 100 * HOUR, at=NOON + 102 * HOUR)
    assert row.blind[0].cause is Cause.STOPPED  # and not "no poll yet", however long ago the last one was


def test_paused_sources_are_quiet_on_purpose_and_brands_keep_to_themselves(
    db: Database, kit: Ground, say: Say
) -> None:
    furnish(db, kit, "one", "two")
    brands.add(db, "Globex", query="globex")
    sources.add(db, kit, "parrot", name="theirs", brand="Globex", settings={})
    sources.pause(db, "two")
    with db.work() as session:
        for source in session.scalars(select(Source)):
            source.created_at = NOON - HOUR
    told = {row.source: row for row in coverage.summary(db, since=NOON, at=NOON + HOUR)}
    assert {name: bool(row.blind) for name, row in told.items()} == {
        "one": True,
        "two": False,
        "theirs": True,
    }
    assert [row.source for row in coverage.summary(db, brand_ids=[1], since=NOON, at=NOON)] == ["one", "two"]
    with pytest.raises(sources.SourceError, match="nothing"):
        coverage.summary(db, source="nothing", since=NOON)


def test_who_is_blind_now(db: Database, kit: Ground, say: Say) -> None:
    one, two, three = furnish(db, kit, "one", "two", "three")

    def names(minutes: float, brand_ids: Any = None) -> list[str]:
        with db.read() as session:
            return [
                row.name
                for row in coverage.blind_now(session, brand_ids, at=NOON + timedelta(minutes=minutes))
            ]

    with db.work() as session:
        for source_id, seen in ((one, 0), (two, 30), (three, 0)):
            session.get_one(Source, source_id).complete_at = NOON + timedelta(minutes=seen)
        session.get_one(Source, three).state = "paused"
    assert names(11) == []
    assert names(12) == ["one"]
    assert names(60) == ["one", "two"]
    assert names(60, [99]) == []
    with db.work() as session:
        session.get_one(Source, one).every = 5  # a run of a minute is no blindness
    assert names(4.9) == []
    assert names(5.1) == ["one"]
