"""What a stream says is stored at once and once, and how it went is on its row and in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from listener import brands, budget, collect, sources
from listener.channels.base import Gone, Page
from listener.collect import Counts
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Account, Mention, OwnPost, Source
from listener.streams import follow
from listener.streams.models import Stream
from tests.listener.rooms import page, post
from tests.listener.streams.room import (
    Brook,
    Make,
    brook,
    furnish,
    heard_ids,
    is_up,
    process,
    row,
    source,
    spans,
)
from tests.listener.wire_room import until

__all__ = ["brook", "process"]
Say = Callable[..., None]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect again at once."""
    monkeypatch.setattr(follow, "_wait", lambda _errors, _error: timedelta(0))


def test_a_post_is_stored_within_a_moment_and_the_poll_knows_it(
    db: Database, kit: Ground, brook: type[Brook], process: Make, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    heard: list[Counts] = []
    process(db, heard)
    until(lambda: is_up(db, source_id))
    brook.arrivals.put(page(post("1"), post("2", "nothing of ours")))
    until(lambda: heard_ids(db) == ["1"], 3)
    until(lambda: heard)
    assert (heard[0].fetched, heard[0].new, heard[0].unmatched) == (2, 1, 1)
    say(page(post("1"), post("3")))
    outcome = collect.poll(db, kit, source_id, force=True)
    assert (outcome.new, outcome.duplicates) == (1, 1)
    assert heard_ids(db) == ["1", "3"]
    (span,) = spans(db)
    assert (span.fetched, span.new, span.unmatched, span.ended_at) == (2, 1, 1, None)


def test_polls_slow_down_while_it_is_up_and_hurry_when_it_ends(
    db: Database, kit: Ground, brook: type[Brook], process: Make, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    with db.work() as session:
        session.get_one(Source, source_id).every = 60
    say(page(post("1")))
    collect.poll(db, kit, source_id, force=True)
    assert source(db, source_id).next_poll_at < now() + timedelta(seconds=90)
    process(db)
    until(lambda: is_up(db, source_id))
    assert source(db, source_id).next_poll_at < now() + timedelta(seconds=90)  # what was said before
    collect.poll(db, kit, source_id, force=True)
    assert source(db, source_id).next_poll_at > now() + timedelta(minutes=12)
    brook.arrivals.put(HttpError("cut"))
    until(lambda: not is_up(db, source_id))
    assert source(db, source_id).next_poll_at < now() + timedelta(seconds=90)


def test_it_connects_again_and_both_times_are_in_the_ledger(
    db: Database, kit: Ground, brook: type[Brook], process: Make, quick: None
) -> None:
    (source_id,) = furnish(db, kit, "one")
    process(db)
    until(lambda: is_up(db, source_id))
    brook.arrivals.put(page(post("1"), cursor={"v": 1, "at": 7}))
    brook.arrivals.put(HttpError("the line was cut"))
    until(lambda: len(spans(db)) == 2)
    brook.arrivals.put(page(post("2")))
    until(lambda: heard_ids(db) == ["1", "2"])
    first, second = spans(db)
    assert (first.error, first.new, first.ended_at is not None) == ("the line was cut", 1, True)
    assert (second.error, second.ended_at) == (None, None)
    assert brook.connected[1][1] == {"v": 1, "at": 7}
    assert source(db, source_id).cursor is None  # the polls' own place is theirs


def test_own_posts_reposts_and_deletions_go_through_the_same_door(
    db: Database, kit: Ground, brook: type[Brook], process: Make
) -> None:
    (source_id,) = furnish(db, kit, "one")
    with db.work() as session:
        account = session.scalars(select(Account)).one()
        account.limits = {"ours": ["acme_help"]}
    process(db)
    until(lambda: is_up(db, source_id))
    brook.arrivals.put(page(post("1"), post("2")))
    brook.arrivals.put(page(post("3", "we are on it", author="acme_help", parent_id="1", thread_id="1")))
    brook.arrivals.put(page(post("4", "RT acme is down", repost_of="1")))
    brook.arrivals.put(Page((), None, gone=[Gone("2"), Gone("of somebody else")]))

    def settled() -> bool:
        with db.read() as session:
            rows = {one.external_id: one for one in session.scalars(select(Mention))}
            return set(rows) == {"1", "2"} and rows["1"].reposts == 1 and rows["2"].gone_at is not None

    until(settled)
    with db.read() as session:
        assert session.scalars(select(OwnPost.external_id)).all() == ["3"]
        assert session.scalars(select(Account)).one().limits["handle"] == "@acme_help"


@pytest.mark.parametrize(
    "error", [HttpError("no", status=401, attention=True), ChannelError("no", permanent=True)]
)
def test_what_only_a_person_can_mend_is_tried_twice_and_polls_go_on(
    db: Database, kit: Ground, brook: type[Brook], process: Make, quick: None, error: ChannelError
) -> None:
    error.hint = "Reconnect the account."
    (source_id,) = furnish(db, kit, "one")
    brook.arrivals.put(error)
    brook.arrivals.put(error)
    process(db)
    until(lambda: row_state(db, source_id) == "attention")
    assert (row(db, source_id).error, row(db, source_id).hint) == ("no", "Reconnect the account.")
    assert source(db, source_id).state == "active"
    assert len(brook.connected) == 2
    until_nothing_connects(brook)
    sources.resume(db, "one")
    until(lambda: is_up(db, source_id))
    assert (row(db, source_id).errors, row(db, source_id).error) == (0, None)


def test_a_rate_limit_is_waited_for_without_a_thread(
    db: Database, kit: Ground, brook: type[Brook], process: Make
) -> None:
    (source_id,) = furnish(db, kit, "one")
    brook.arrivals.put(HttpError("limited", status=429, retry_after=timedelta(minutes=10)))
    process(db)
    until(lambda: brook.connected and row(db, source_id).error == "limited")
    found = row(db, source_id)
    assert (found.holder, found.errors, found.state) == (None, 0, "down")
    assert timedelta(minutes=9) < found.next_at - now() < timedelta(minutes=11)
    until_nothing_connects(brook)


def test_the_back_off_doubles_up_to_a_limit_and_has_chance_in_it() -> None:
    waits = [follow._wait(errors, HttpError("cut")).total_seconds() for errors in range(20)]
    for errors, wait in enumerate(waits):
        middle = min(2**errors, 300)
        assert middle * 0.5 <= wait <= middle * 1.5
    assert len({follow._wait(3, HttpError("cut")) for _ in range(20)}) > 10
    assert follow._wait(0, HttpError("limited", status=429)) >= timedelta(seconds=30)


def test_a_used_up_budget_ends_it_until_midnight(
    db: Database, kit: Ground, brook: type[Brook], process: Make
) -> None:
    (source_id,) = furnish(db, kit, "one", reads_per_day="10")
    process(db)
    until(lambda: is_up(db, source_id))
    brook.arrivals.put(page(post("1"), reads=4))
    until(lambda: heard_ids(db) == ["1"])
    assert is_up(db, source_id)
    brook.arrivals.put(page(post("2"), reads=6))
    until(lambda: not is_up(db, source_id))
    assert heard_ids(db) == ["1", "2"]  # what was paid for is stored
    found = row(db, source_id)
    assert found.error is not None
    assert "budget of 10 reads" in found.error
    with db.read() as session:
        day = budget.of(session, session.get_one(Source, source_id), at=now())
    assert day.used == 10
    assert found.next_at >= day.resets_at
    until_nothing_connects(brook)


def test_a_defect_is_noted_and_the_place_moves_behind_it(
    db: Database, kit: Ground, brook: type[Brook], process: Make, quick: None
) -> None:
    (source_id,) = furnish(db, kit, "one")
    process(db)
    until(lambda: is_up(db, source_id))
    broken = post("1")
    object.__setattr__(broken, "posted_at", None)
    brook.arrivals.put(page(broken, cursor={"v": 1, "at": 9}))
    until(lambda: len(brook.connected) == 2)
    assert brook.connected[1][1] == {"v": 1, "at": 9}
    assert "defect" in (spans(db)[0].error or "") or "unexpected" in (spans(db)[0].error or "")


def test_a_stream_that_just_ends_is_an_error_and_one_we_end_is_none(
    db: Database, kit: Ground, brook: type[Brook], process: Make, quick: None
) -> None:
    (source_id,) = furnish(db, kit, "one")
    running = process(db)
    until(lambda: is_up(db, source_id))
    brook.arrivals.put(None)
    until(lambda: len(spans(db)) == 2)
    assert spans(db)[0].error == "the platform ended the stream"
    running.stop()
    assert spans(db)[1].error is None
    assert spans(db)[1].ended_at is not None
    assert row(db, source_id).holder is None


def test_what_arrived_when_it_was_told_to_end_is_stored(
    db: Database, kit: Ground, brook: type[Brook], process: Make
) -> None:
    (source_id,) = furnish(db, kit, "one", reads_per_day="100")
    running = process(db)
    until(lambda: is_up(db, source_id))

    def end_and_say() -> Page:
        running._running[source_id].stop.set()
        return page(post("1"), reads=1)

    brook.arrivals.put(end_and_say)
    until(lambda: spans(db)[0].ended_at is not None)
    assert heard_ids(db) == ["1"]
    with db.read() as session:
        assert budget.of(session, session.get_one(Source, source_id), at=now()).used == 1


def test_a_changed_query_is_taken_over(db: Database, kit: Ground, brook: type[Brook], process: Make) -> None:
    (source_id,) = furnish(db, kit, "one")
    process(db)
    until(lambda: is_up(db, source_id))
    with db.read() as session:
        brand_id = brands.named(session, "Acme")
    brands.set_queries(db, brand_id, ["acme", "gadget"])
    until(lambda: len(brook.connected) == 2)
    assert len(brook.connected[1][0].queries) == 2
    until(lambda: is_up(db, source_id))
    brook.arrivals.put(page(post("1", "my gadget broke")))
    until(lambda: heard_ids(db) == ["1"])


def row_state(db: Database, source_id: int) -> str | None:
    with db.read() as session:
        found = session.get(Stream, source_id)
        return found.state if found else None


def until_nothing_connects(brook: type[Brook]) -> None:
    import time

    before = len(brook.connected)
    time.sleep(0.4)
    assert len(brook.connected) == before
