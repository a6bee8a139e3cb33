"""What is due, in which order, for whom, and what it may cost."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from listener import budget, collect
from listener.channels.base import Gone
from listener.db import Database
from listener.errors import HttpError
from listener.ground import Ground
from listener.importer import import_file
from listener.models import Mention, Reading, Source
from listener.recheck import schedule
from tests.listener.recheck.rooms import (
    HOUR,
    Echo,
    further,
    hear,
    look,
    pressing,
    some,
    source,
    stored,
)
from tests.listener.rooms import NOON, Parrot, page, post

LATER = NOON + 2 * HOUR
DAY = timedelta(days=1)


def test_what_cannot_wait_comes_first_then_what_has_waited_longest(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(8))
    with db.work() as session:
        for number in range(8):
            due = NOON - timedelta(minutes=number)  # the later the name, the longer it has waited
            session.execute(update(Mention).where(Mention.external_id == f"p{number}").values(recheck_at=due))
    look(db, kit, source_id, "p0", "p2")
    assert Echo.asked == [["p2", "p0", "p7", "p6", "p5"]]
    look(db, kit, source_id, at=LATER + timedelta(minutes=5))
    assert Echo.asked[1] == ["p4", "p3", "p1"]


def test_how_soon_each_comes_again(db: Database, kit: Ground) -> None:
    source_id = hear(
        db, kit, post("new"), post("open"), post("days", at=NOON - 3 * DAY), post("old", at=NOON - 9 * DAY)
    )
    waits = {name: row.recheck_at - row.collected_at for name, row in stored(db).items() if row.recheck_at}
    assert waits == {"new": HOUR, "open": HOUR, "days": DAY}
    at = NOON + 2 * DAY
    look(db, kit, source_id, "open", at=at)
    rows = stored(db)
    assert rows["open"].recheck_at is not None
    assert timedelta(minutes=15) <= rows["open"].recheck_at - at < timedelta(minutes=16)
    assert rows["new"].recheck_at is not None
    assert DAY <= rows["new"].recheck_at - at < DAY + HOUR
    look(db, kit, source_id, at=NOON + 8 * DAY)
    assert {name for name, row in stored(db).items() if row.recheck_at is None} == {
        "new",
        "days",
        "old",
        "open",
    }


def test_what_becomes_pressing_is_brought_forward_and_what_nobody_could_ask_for_is_let_go(
    db: Database, kit: Ground
) -> None:
    hear(db, kit, *some(3), post("old", at=NOON - 30 * DAY))
    assert schedule.plan(db, pressing("p0", "old"), at=NOON) == 2
    soon = NOON + timedelta(minutes=15)
    assert {name for name, row in stored(db).items() if row.recheck_at == soon} == {"p0", "old"}
    assert schedule.plan(db, pressing("p0", "old"), at=NOON) == 0
    assert schedule.plan(db, pressing(), at=NOON + 10 * DAY) == 4
    assert {row.recheck_at for row in stored(db).values()} == {None}


def test_a_channel_that_cannot_be_asked_again_never_is(
    db: Database, kit: Ground, parrot: type[Parrot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Echo, "refreshes", 0)
    source_id = hear(db, kit, *some(2))
    assert {row.recheck_at for row in stored(db).values()} == {None}
    assert schedule.plan(db, pressing("p0"), at=LATER) == 0
    with db.work() as session:
        session.execute(update(Mention).values(recheck_at=NOON))
    assert schedule.due(db, at=LATER) == []
    assert source(db, source_id).recheck_after is None
    assert parrot.refreshes == 0


def test_only_healthy_sources_look_each_once_at_a_time(db: Database, kit: Ground) -> None:
    good = hear(db, kit, *some(2), name="good")
    limited = further(db, kit, post("q1"), name="limited")
    failing = further(db, kit, post("q2"), name="failing")
    broken = further(db, kit, post("q3"), name="broken")
    quiet = further(db, kit, name="quiet")
    with db.work() as session:
        session.get_one(Source, limited).not_before = LATER + HOUR
        session.get_one(Source, failing).failing_since = NOON
        session.get_one(Source, broken).state = "attention"
    assert schedule.due(db, at=NOON) == []  # nothing is due yet
    assert schedule.due(db, at=LATER) == [good]
    assert schedule.due(db, at=LATER) == []  # claimed
    assert schedule.due(db, at=LATER + 2 * HOUR) == [
        good,
        limited,
    ]  # the claim has expired, the reset is over
    assert quiet


def test_two_sources_of_an_account_take_turns(db: Database, kit: Ground) -> None:
    first = hear(db, kit, *some(2), name="first")
    second = further(db, kit, post("q1"), name="second")
    with db.work() as session:
        account_id = session.get_one(Source, first).account_id
        session.get_one(Source, second).account_id = account_id
    turns: list[int] = []
    for number in range(4):
        at = LATER + number * timedelta(minutes=10)
        claimed = schedule.due(db, at=at)
        assert len(claimed) == 1
        turns += claimed
    assert set(turns[:2]) == set(turns[2:]) == {first, second}


def test_a_failing_account_delays_no_other(db: Database, kit: Ground) -> None:
    bad = hear(db, kit, *some(2), name="bad")
    good = further(db, kit, post("q1"), post("q2"), name="good")
    Echo.now["p0"] = HttpError("slow down", status=429, retry_after=HOUR)
    Echo.now["q1"] = Gone("q1")
    assert sorted(schedule.due(db, at=LATER)) == sorted([bad, good])
    assert look(db, kit, bad).error
    assert look(db, kit, good).kept.gone == 1
    assert schedule.due(db, at=LATER + timedelta(minutes=30)) == []
    Echo.now.clear()
    assert schedule.due(db, at=LATER + HOUR + timedelta(minutes=1)) == sorted([bad, good])


def test_a_worker_that_dies_costs_one_lease(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(2))
    assert schedule.due(db, at=LATER) == [source_id]
    with db.work() as session:
        row = session.get_one(Source, source_id)
        assert len(schedule.take(session, row, pressing(), reads=None, at=LATER)) == 2
    assert schedule.due(db, at=LATER + timedelta(minutes=4)) == []
    assert schedule.due(db, at=LATER + timedelta(minutes=6)) == [source_id]


def spent(db: Database) -> dict[str, int]:
    with db.read() as session:
        return {row.day.isoformat(): row.reads for row in session.scalars(select(Reading))}


def test_paid_reads_are_booked_once_a_post_and_day_and_end_with_the_budget(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(4), reads_per_day=12)  # a quarter of them: hearing comes first
    look(db, kit, source_id, at=LATER)
    assert len(Echo.asked[0]) == 4  # read today already: asking again costs nothing
    assert spent(db) == {}
    tomorrow = NOON + DAY
    look(db, kit, source_id, "p3", at=tomorrow)
    assert len(Echo.asked[1]) == 3
    assert Echo.asked[1][0] == "p3"
    assert spent(db) == {"2026-11-25": 3}
    look(db, kit, source_id, "p3", at=tomorrow + HOUR)  # p3 was paid for today; of the rest one was not
    assert Echo.asked[2] == ["p3"]
    with db.work() as session:
        session.execute(update(Mention).where(Mention.external_id == "p3").values(recheck_at=tomorrow + DAY))
    outcome = look(db, kit, source_id, at=tomorrow + 2 * HOUR)
    assert outcome.skipped == "the day's paid reads for another look are used up"
    assert len(Echo.asked) == 3
    midnight = datetime(2026, 11, 26, tzinfo=NOON.tzinfo)
    assert source(db, source_id).recheck_after == tomorrow + 2 * HOUR + timedelta(minutes=15)
    look(db, kit, source_id, at=midnight + HOUR)
    assert Echo.asked[3] == ["p2"]  # which had to wait for the new day
    assert spent(db) == {"2026-11-25": 3, "2026-11-26": 1}


def test_what_polls_have_spent_is_not_there_for_rechecks(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(4), reads_per_day=10)
    tomorrow = NOON + DAY
    with db.work() as session:
        budget.book(session, source_id, 8, purpose="poll", at=tomorrow)
    look(db, kit, source_id, at=tomorrow)
    assert len(Echo.asked[0]) == 2


def test_the_plan_of_the_claim_uses_the_index(sqlite_db: Database, kit: Ground) -> None:
    hear(sqlite_db, kit, *some(3))
    with sqlite_db.read() as session:
        plan = session.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT id FROM mention WHERE recheck_at <= '2026-11-25' ORDER BY recheck_at"
            )
        ).all()
    assert "ix_mention_recheck_at" in str(plan)


def test_what_was_imported_is_not_asked_for_until_a_source_hears_it(
    db: Database, kit: Ground, tmp_path: Path
) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("id,text,posted_at\nm1,acme is down,2026-11-24T11:00:00Z\n", encoding="utf-8")
    source_id = hear(db, kit, post("p0"))
    import_file(db, file, brand="Acme", channel="mastodon", at=NOON)
    assert stored(db)["m1"].recheck_at is None
    with db.work() as session:
        session.execute(update(Mention).values(recheck_at=None))  # as if p0 had been imported, too
    Echo.script[:] = [page(post("p0", "acme is down, and slow"))]
    collect.poll(db, kit, source_id, force=True, at=NOON)
    assert stored(db)["p0"].recheck_at is not None
