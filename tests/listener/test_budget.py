"""Paid reads: added up by day and source whoever makes them, and polls stop where the budget ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from listener import budget, collect
from listener.db import Database
from listener.ground import Ground
from listener.models import Reading, Source
from tests.listener.rooms import NOON, Parrot, furnish, page, post

Say = Callable[..., None]


def today(db: Database, source_id: int) -> budget.Budget:
    with db.read() as session:
        return budget.of(session, session.get_one(Source, source_id), at=NOON)


def test_reads_of_a_day_add_up_over_purposes_and_begin_again_at_midnight_utc(
    db: Database, kit: Ground, parrot: type[Parrot]
) -> None:
    one, other = furnish(db, kit, "one", "other")
    with db.work() as session:
        session.get_one(Source, one).options = {"reads_per_day": 100}
        for reads, purpose in ((30, "poll"), (20, "poll"), (15, "recheck"), (10, "preview"), (0, "stream")):
            budget.book(session, one, reads, purpose=purpose, at=NOON)  # type: ignore[arg-type]
        budget.book(session, one, 99, purpose="poll", at=NOON - timedelta(days=1))
    found = today(db, one)
    assert (found.used, found.left, found.resets_at) == (75, 25, NOON + timedelta(hours=12))
    assert (today(db, other).used, today(db, other).left) == (0, None)
    with db.work() as session:
        budget.book(session, one, 40, purpose="recheck", at=NOON)
    assert today(db, one).left == 0  # over the budget is no negative room
    with db.read() as session:
        assert len(session.scalars(select(Reading)).all()) == 4


def test_a_poll_is_told_what_is_left_and_books_what_each_page_cost(
    db: Database, kit: Ground, parrot: type[Parrot], say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    with db.work() as session:
        session.get_one(Source, source_id).options = {"reads_per_day": 50}
        budget.book(session, source_id, 20, purpose="preview", at=NOON)
    say(page(post("1"), reads=7), page(post("2"), reads=5))
    collect.poll(db, kit, source_id, force=True, at=NOON)
    assert parrot.heard[-1][0].reads_left == 30
    assert today(db, source_id).used == 32
