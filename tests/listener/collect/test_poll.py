"""A poll ends well or says why; what it stored and its cursor always fit together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from listener import collect, sources
from listener.collect.schedule import Lease, LeaseLostError, back_off
from listener.db import Database, now
from listener.errors import ChannelError, HttpError, PartError
from listener.ground import Ground
from listener.models import Account, Mention, Poll, Source
from tests.listener.rooms import NOON, Parrot, furnish, ground, page, post

Say = Callable[..., None]


def source(db: Database, source_id: int) -> Source:
    with db.read() as session:
        return session.get_one(Source, source_id)


def stored(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Mention)) or 0


def test_due_claims_once_and_oldest_first(db: Database, kit: Ground, say: Say) -> None:
    first, second, paused = furnish(db, kit, "one", "two", "off")
    with db.work() as session:
        session.get_one(Source, first).next_poll_at = NOON
        session.get_one(Source, second).next_poll_at = NOON - timedelta(minutes=1)
    sources.pause(db, "off")
    assert collect.due(db, at=NOON - timedelta(hours=1)) == []
    assert collect.due(db, at=NOON, limit=1) == [second]
    assert collect.due(db, at=NOON) == [first]
    assert collect.due(db, at=NOON + timedelta(minutes=1)) == []
    assert collect.due(db, at=NOON + timedelta(minutes=10)) == [second, first]
    assert paused not in collect.due(db, at=NOON + timedelta(days=9))


def test_a_good_poll_sets_the_next_one_and_frees_the_source(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(post("1"))
    begun = now()
    collect.poll(db, kit, source_id)
    row = source(db, source_id)
    assert row.lease_until is None
    assert row.last_ok_at is not None
    assert timedelta(minutes=4) < row.next_poll_at - begun < timedelta(minutes=6)
    assert collect.poll(db, kit, source_id).skipped is not None


def test_as_whom_we_answer_is_known_with_the_first_page_even_when_the_poll_fails_later(
    db: Database, kit: Ground, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(post("1"), ChannelError("the platform went away"))
    collect.poll(db, kit, source_id)
    with db.read() as session:
        assert session.scalars(select(Account.limits)).one() == {"handle": "@acme_help"}
        assert session.scalars(select(Account)).one().handle == "@acme_help"


def test_a_first_poll_reads_back_the_window_and_the_next_gets_the_cursor(
    db: Database, kit: Ground, parrot: type[Parrot], say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1"), cursor={"v": 1, "floor": 7}))
    collect.poll(db, kit, source_id, at=NOON, force=True)
    collect.poll(db, kit, source_id, at=NOON, force=True)
    (first, no_cursor), (_, cursor) = parrot.heard
    assert first.since == NOON - timedelta(hours=24)
    assert no_cursor is None
    assert cursor == {"v": 1, "floor": 7}


def test_an_error_after_the_first_page_keeps_the_page_and_its_cursor(
    db: Database, kit: Ground, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(
        page(post("1"), cursor={"v": 1, "walking": 5}, truncated=True),
        ChannelError("no answer", hint="Wait."),
    )
    outcome = collect.poll(db, kit, source_id)
    assert (outcome.new, outcome.error, outcome.hint, outcome.truncated) == (1, "no answer", "Wait.", True)
    row = source(db, source_id)
    assert (row.cursor, row.error, row.hint, row.errors) == ({"v": 1, "walking": 5}, "no answer", "Wait.", 1)
    assert row.failing_since is not None
    assert stored(db) == 1
    with db.read() as session:
        assert session.scalars(select(Poll)).one().error == "no answer"


def test_a_killed_run_leaves_posts_and_cursor_of_whole_pages(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")

    def kill() -> None:
        raise KeyboardInterrupt

    say(page(post("1"), cursor={"v": 1, "walking": 5}), kill)
    with pytest.raises(KeyboardInterrupt):
        collect.poll(db, kit, source_id)
    assert stored(db) == 1
    row = source(db, source_id)
    assert row.cursor == {"v": 1, "walking": 5}
    assert row.lease_until is not None  # nobody else polls until it ends
    assert collect.due(db) == []
    assert collect.due(db, at=now() + timedelta(hours=1)) == [source_id]


def test_a_page_that_cannot_be_stored_moves_no_cursor(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    bad = post("2", rating="five stars")  # a defect of a channel: the column holds numbers
    say(page(post("1"), cursor={"v": 1, "floor": 1}), page(bad, cursor={"v": 1, "floor": 2}))
    with pytest.raises(Exception, match=r"(?i)could not convert|type|float"):
        collect.poll(db, kit, source_id)
    assert (stored(db), source(db, source_id).cursor) == (1, {"v": 1, "floor": 1})


def test_errors_in_a_row_back_off_and_a_good_poll_forgets_them(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(ChannelError("down"))
    waits = []
    for _ in range(4):
        collect.poll(db, kit, source_id, force=True, at=NOON)
        waits.append(source(db, source_id).next_poll_at - NOON)
    assert source(db, source_id).errors == 4
    assert waits == sorted(waits)
    assert waits[0] > timedelta(minutes=5)
    assert source(db, source_id).state == "active"
    say(post("1"))
    collect.poll(db, kit, source_id, force=True)
    row = source(db, source_id)
    assert (row.errors, row.error, row.failing_since) == (0, None, None)


def test_the_back_off_is_capped_at_an_hour_or_the_interval() -> None:
    assert max(back_off(timedelta(minutes=1), errors) for errors in range(1, 60)) <= timedelta(hours=1)
    assert back_off(timedelta(days=1), 50) <= timedelta(days=1)


def test_a_rate_limit_waits_for_the_reset_and_is_no_failure(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(HttpError("slow down", status=429, retry_after=timedelta(minutes=40)))
    collect.poll(db, kit, source_id, at=NOON, force=True)
    row = source(db, source_id)
    assert row.not_before is not None
    assert timedelta(minutes=40) <= row.not_before - NOON <= timedelta(minutes=41)
    assert (row.errors, row.state) == (0, "active")
    say(post("1"))
    assert collect.due(db, at=NOON + timedelta(minutes=39)) == []
    skipped = collect.poll(db, kit, source_id, at=NOON + timedelta(minutes=39), force=True).skipped
    assert skipped is not None
    assert "rate limited" in skipped
    assert collect.poll(db, kit, source_id, at=NOON + timedelta(minutes=41), force=True).new == 1


def test_a_fault_of_the_platform_with_a_wait_still_counts_as_an_error(
    db: Database, kit: Ground, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(HttpError("maintenance", status=503, retry_after=timedelta(minutes=40)))
    collect.poll(db, kit, source_id, at=NOON, force=True)
    row = source(db, source_id)
    assert row.errors == 1
    assert row.not_before == NOON + timedelta(minutes=40) or row.not_before is not None


def test_two_refused_log_ins_ask_for_a_person_and_stop_the_polling(
    db: Database, kit: Ground, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(ChannelError("token expired", permanent=True, attention=True, hint="Connect again."))
    collect.poll(db, kit, source_id, force=True, at=NOON)
    assert source(db, source_id).state == "active"
    collect.poll(db, kit, source_id, force=True, at=NOON)
    assert source(db, source_id).state == "attention"
    assert collect.due(db, at=NOON + timedelta(days=30)) == []
    say(post("1"))
    assert collect.poll(db, kit, source_id, force=True).new == 1
    assert source(db, source_id).state == "active"


def test_one_failing_source_does_not_stop_the_next(db: Database, kit: Ground, say: Say) -> None:
    furnish(db, kit, "one", "two")
    say(ChannelError("down"))
    ids = collect.due(db)
    outcomes = [collect.poll(db, kit, source_id) for source_id in ids]
    assert [outcome.error for outcome in outcomes] == ["down", "down"]


def test_a_defect_in_a_channel_is_noted_and_raised(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(ZeroDivisionError("oops"))
    with pytest.raises(ZeroDivisionError):
        collect.poll(db, kit, source_id)
    row = source(db, source_id)
    assert row.error == "unexpected ZeroDivisionError"
    assert row.next_poll_at > now()
    assert row.lease_until is None


def test_more_to_read_means_soon_again(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1"), truncated=True))
    collect.poll(db, kit, source_id, at=NOON, force=True)
    assert source(db, source_id).next_poll_at - NOON < timedelta(seconds=30)


def test_a_run_ends_at_its_deadline_after_a_whole_page(db: Database, say: Say) -> None:
    kit = ground(run_seconds=1)
    (source_id,) = furnish(db, kit, "one")
    import time

    say(page(post("1")), lambda: time.sleep(1.1), page(post("2")), page(post("3")))
    outcome = collect.poll(db, kit, source_id)
    assert (outcome.new, outcome.truncated) == (2, True)


def test_a_run_that_lost_its_lease_stores_nothing_more(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")

    def taken() -> None:
        with db.work() as session:
            session.execute(update(Source).values(lease_until=now() + timedelta(minutes=7)))

    say(page(post("1"), cursor={"v": 1, "floor": 1}), taken, page(post("2"), cursor={"v": 1, "floor": 2}))
    outcome = collect.poll(db, kit, source_id)
    assert outcome.skipped is not None
    assert (stored(db), source(db, source_id).cursor) == (1, {"v": 1, "floor": 1})


def test_a_lease_is_renewed_only_by_its_holder(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    with db.work() as session:
        session.get_one(Source, source_id).lease_until = NOON
    with db.work() as session:
        Lease(source_id, NOON).renew(session, NOON + timedelta(minutes=1))
    with db.work() as session, pytest.raises(LeaseLostError):
        Lease(source_id, NOON).renew(session, NOON + timedelta(minutes=2))


def test_a_part_that_fails_is_told_and_does_not_slow_the_source(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    for number in range(4):
        say(page(post(str(number))), PartError("1 of 2 parts could not be read: fr: 500", hint="Wait."))
        begun = now()
        outcome = collect.poll(db, kit, source_id, force=True)
        assert (outcome.new, outcome.error, outcome.hint) == (
            1, "1 of 2 parts could not be read: fr: 500", "Wait.",
        )  # fmt: skip
    row = source(db, source_id)
    assert (row.state, row.errors, row.error, row.hint) == ("active", 0, outcome.error, "Wait.")
    assert timedelta(minutes=4) < row.next_poll_at - begun < timedelta(minutes=6)
    assert row.complete_at is None
    with db.read() as session:
        assert session.scalars(select(Poll.error).order_by(Poll.id)).all() == [outcome.error] * 4
        assert session.get_one(Account, row.account_id).health == "ok"
    say(post("5"))
    assert collect.poll(db, kit, source_id, force=True).error is None
    row = source(db, source_id)
    assert row.error is None
    assert row.complete_at is not None
