"""A stream that waits, or wants a person, is connected at once when a person has changed what it failed by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from listener import accounts, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.streams.models import ATTENTION, DOWN, Stream
from tests.listener.streams.room import Make, brook, furnish, is_up, process, row
from tests.listener.wire_room import until

__all__ = ["brook", "process"]


def mend_account(db: Database, kit: Ground, source_id: int) -> None:
    accounts.connect(db, kit, sources.account_of(db, source_id), {"token": "sesame-again"})


def mend_source(db: Database, kit: Ground, _source_id: int) -> None:
    sources.change(db, kit, "one", {"words": "a,b"})


@pytest.mark.parametrize("state", [ATTENTION, DOWN])
@pytest.mark.parametrize("mend", [mend_account, mend_source])
@pytest.mark.usefixtures("brook")
def test_what_was_mended_is_connected(
    db: Database, kit: Ground, process: Make, mend: Callable[[Database, Ground, int], None], state: str
) -> None:
    (source_id,) = furnish(db, kit, "one", token="sesame-open")
    later = now() + timedelta(hours=9)
    with db.work() as session:
        session.add(Stream(source_id=source_id, state=state, errors=2, next_at=later, error="refused"))
    mend(db, kit, source_id)
    assert row(db, source_id).state == DOWN
    process(db)
    until(lambda: is_up(db, source_id))
