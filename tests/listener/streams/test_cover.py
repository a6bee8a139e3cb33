"""The ledger of streams: few polls are no gap while one is up; when it was down, why, and which poll made up for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.digest.coverage import coverage as digest_coverage
from listener import coverage
from listener.channels import channel_type
from listener.channels.base import Page
from listener.db import Database
from listener.ground import Ground
from listener.models import Poll, Source
from listener.streams import state
from listener.streams.models import Span, Stream
from tests.listener.rooms import NOON, page, post
from tests.listener.streams.room import Brook, Make, brook, furnish, heard_ids, is_up, process
from tests.listener.wire_room import until

__all__ = ["brook", "process"]
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


def ledger(
    db: Database, source_id: int, polls: list[float], spans: list[tuple[float, float | None, str | None]]
) -> None:
    """Write polls (minutes after noon) and spans of the stream; the lease of an open one lasts until minute 120."""
    with db.work() as session:
        source = session.get_one(Source, source_id)
        source.created_at, source.every = NOON, 60
        source.last_ok_at = source.complete_at = at(polls[-1])
        session.add_all(
            Poll(source_id=source_id, started_at=at(begin), ended_at=at(begin + 0.1)) for begin in polls
        )
        session.add_all(
            Span(
                source_id=source_id,
                began_at=at(begin),
                ended_at=None if end is None else at(end),
                error=why,
                new=2,
            )
            for begin, end, why in spans
        )
        begin, end, why = spans[-1]
        session.add(
            Stream(source_id=source_id, state="down" if end else "up", since=at(end or begin), error=why,
                   lease_until=None if end else at(120), holder=None if end else "x", next_at=NOON, errors=0)
        )  # fmt: skip


def read(db: Database, minutes: float = 100) -> coverage.Coverage:
    (found,) = coverage.summary(db, since=NOON, at=at(minutes))
    return found


def blind_now(db: Database, minutes: float) -> list[str]:
    with db.read() as session:
        return [one.name for one in coverage.blind_now(session, None, at=at(minutes))]


def in_digest(db: Database, source_id: int, minutes: float) -> int:
    with db.read() as session:
        brand_id = session.get_one(Source, source_id).brand_id
        return len(digest_coverage(session, [brand_id], NOON, at(minutes), at=at(minutes)).gaps)


def test_few_polls_are_no_gap_while_the_stream_is_up(db: Database, kit: Ground, brook: type[Brook]) -> None:
    (source_id,) = furnish(db, kit, "one")
    ledger(db, source_id, [0, 1, 16, 31, 46, 61, 76, 91], [(1.5, None, None)])
    assert read(db).blind == []
    assert in_digest(db, source_id, 100) == 0
    assert blind_now(db, 100) == []
    assert read(db, 115).blind == []  # the last poll is 24 minutes old: the stream is up


def test_without_a_stream_the_same_polls_are_gaps(db: Database, kit: Ground, brook: type[Brook]) -> None:
    (source_id,) = furnish(db, kit, "one")
    ledger(db, source_id, [0, 1, 16, 31], [(0, 0.5, "cut")])
    assert len(read(db).blind) == 3
    assert blind_now(db, 100) == ["one"]


def test_a_stream_that_hears_only_a_part_hides_no_gap_and_slows_no_poll(
    db: Database, kit: Ground, brook: type[Brook], monkeypatch: pytest.MonkeyPatch
) -> None:
    (source_id,) = furnish(db, kit, "one")
    ledger(db, source_id, [0, 1, 16, 31], [(1.5, None, None)])
    with db.read() as session:
        assert state.pace(session, session.get_one(Source, source_id), at=at(2)) == 15 * MINUTE
    monkeypatch.setattr(Brook, "stream_covers", lambda _options: False)
    with db.read() as session:
        assert state.pace(session, session.get_one(Source, source_id), at=at(2)) == MINUTE
    assert len(read(db).blind) == 3
    assert blind_now(db, 100) == ["one"]


@pytest.mark.parametrize(
    ("kind", "options", "covers"),
    [("x", {}, True), ("bluesky", {}, True), ("reddit", {}, False), ("mastodon", {}, False),
     ("mastodon", {"search": True}, False), ("mastodon", {"search": False}, True)],
)  # fmt: skip
def test_which_streams_hear_all_that_polls_hear(kind: str, options: dict[str, bool], covers: bool) -> None:
    assert channel_type(kind).stream_covers(options) is covers


def test_a_stream_whose_holder_is_silent_counts_until_its_last_word(
    db: Database, kit: Ground, brook: type[Brook]
) -> None:
    (source_id,) = furnish(db, kit, "one")
    ledger(db, source_id, [0, 1, 16], [(1.5, None, None)])
    (gap,) = read(db, 300).blind
    assert (gap.since, gap.until) == (at(120), None)
    assert blind_now(db, 300) == ["one"]


def test_what_was_said_while_both_were_down_waits_for_the_poll(
    db: Database, kit: Ground, brook: type[Brook]
) -> None:
    (source_id,) = furnish(db, kit, "one")
    ledger(db, source_id, [0, 1, 16, 45, 60], [(1.5, 20, "the line was cut"), (40, None, None)])
    found = read(db, 62)
    (gap,) = found.blind
    assert (gap.since, gap.until) == (at(20), at(45.1))
    assert found.stream is not None
    (down,) = found.stream.down
    assert (down.since, down.until, down.healed, down.reason) == (
        at(20),
        at(40),
        at(45.1),
        "the line was cut",
    )
    assert found.stream.as_json()["down"][0]["healed"] == at(45.1).isoformat()
    assert (found.stream.state, found.stream.since, found.stream.connections, found.stream.new) == (
        "up", at(40), 2, 4,
    )  # fmt: skip
    text = "\n".join(found.lines())
    assert "stream up since 2026-11-24 12:40 UTC, 2 connections, 4 new" in text
    assert "down since 2026-11-24 12:20 UTC, until 12:40, healed 2026-11-24 12:45: the line was cut" in text


def test_a_stream_that_is_down_says_why_and_what_to_do(db: Database, kit: Ground, brook: type[Brook]) -> None:
    (source_id,) = furnish(db, kit, "one")
    ledger(db, source_id, [0, 1, 2], [(0.5, 2, "refused")])
    with db.work() as session:
        row = session.get_one(Stream, source_id)
        row.state, row.hint = "attention", "Reconnect the account."
    text = "\n".join(read(db, 3).lines())
    assert "stream needs attention since 2026-11-24 12:02 UTC" in text
    assert "refused. Reconnect the account." in text
    assert "still, not healed yet: refused" in text


def test_a_source_without_a_stream_has_none(db: Database, kit: Ground, brook: type[Brook]) -> None:
    furnish(db, kit, "one", stream="false")
    (found,) = coverage.summary(db, since=NOON)
    assert found.stream is None
    assert found.as_json()["stream"] is None


def test_what_a_stream_hears_is_in_the_ledger_as_pushed_one_line_a_minute(
    db: Database, kit: Ground, brook: type[Brook], process: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from listener.streams import follow

    (source_id,) = furnish(db, kit, "one")
    process(db)
    until(lambda: is_up(db, source_id))
    for number in range(3):
        brook.arrivals.put(page(post(str(number))))
    until(lambda: len(heard_ids(db)) == 3)
    monkeypatch.setattr(follow, "LINE", 0.0)
    brook.arrivals.put(page(post("3")))
    brook.arrivals.put(Page((), None))
    until(lambda: len(heard_ids(db)) == 4)
    with db.read() as session:
        second, first = coverage.lines(session, source_id, since=NOON - timedelta(days=365))
    assert (first.pushed, first.new, first.pages, first.error) == (True, 3, 3, None)
    assert (second.pushed, second.new) == (True, 1)
    (found,) = coverage.summary(db, since=NOON - timedelta(days=365))
    assert (found.polls, found.pushed, found.new) == (0, 2, 4)
