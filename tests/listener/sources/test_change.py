"""More reads a day count on the day they are given."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from listener import brands, budget, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Source


@pytest.fixture
def source_id(db: Database, kit: Ground) -> int:
    brands.add(db, "Acme", query="acme")
    given = {"username": "acme", "bearer_token": "b", "reads_per_day": "100"}
    return sources.add(db, kit, "x", name="x", brand="Acme", settings=given)


def wait(db: Database, source_id: int, until: datetime) -> None:
    with db.work() as session:
        row = session.get_one(Source, source_id)
        row.not_before = row.next_poll_at = until


def waits(db: Database, source_id: int) -> datetime | None:
    with db.read() as session:
        return session.get_one(Source, source_id).not_before


def test_a_raised_budget_lets_a_source_go_on_that_waits_for_the_new_day(
    db: Database, kit: Ground, source_id: int
) -> None:
    with db.read() as session:
        midnight = budget.of(session, session.get_one(Source, source_id), at=now()).resets_at
    wait(db, source_id, midnight + timedelta(seconds=2))
    sources.change(db, kit, "x", {"reads_per_day": "90"})
    assert waits(db, source_id) is not None
    sources.change(db, kit, "x", {"reads_per_day": "200"})
    assert waits(db, source_id) is None
    with db.read() as session:
        assert session.get_one(Source, source_id).next_poll_at <= now()


def test_a_rate_limit_of_the_platform_stays(db: Database, kit: Ground, source_id: int) -> None:
    soon = now() + timedelta(minutes=9)
    wait(db, source_id, soon)
    sources.change(db, kit, "x", {"reads_per_day": "200"})
    assert waits(db, source_id) == soon
