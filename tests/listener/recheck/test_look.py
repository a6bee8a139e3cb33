"""One post, right before it is answered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from listener import budget, sources
from listener.channels.base import Gone, Post
from listener.db import Database
from listener.errors import HttpError
from listener.ground import Ground
from listener.models import Hit
from listener.recheck.look import look
from tests.listener.recheck.rooms import Echo, hear, saying, some, stored
from tests.listener.rooms import NOON

TOMORROW = NOON + timedelta(days=1)


def ask(db: Database, kit: Ground, source_id: int, name: str = "p0") -> Post | Gone | None:
    channel = sources.channel_of(db, kit, source_id)
    return look(db, kit, channel, stored(db)[name].id, at=TOMORROW)


def test_what_it_says_now_is_stored_and_returned(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(2))
    Echo.now["p0"] = saying(text="acme, edited")
    found = ask(db, kit, source_id)
    assert isinstance(found, Post)
    row = stored(db)["p0"]
    assert (row.text, row.revision, row.checked_at) == ("acme, edited", 2, TOMORROW)
    with db.read() as session:
        assert len(session.scalars(select(Hit)).all()) == 2  # nobody new has heard it
    Echo.now["p1"] = Gone("p1")
    assert ask(db, kit, source_id, "p1") == Gone("p1")
    assert stored(db)["p1"].text == ""


def test_a_deletion_is_not_believed_when_our_access_is_gone(sqlite_db: Database, kit: Ground) -> None:
    source_id = hear(sqlite_db, kit, *some(1))
    Echo.now["p0"] = Gone("p0")
    Echo.broken = HttpError("token expired", status=401, attention=True)
    with pytest.raises(HttpError):
        ask(sqlite_db, kit, source_id)
    assert stored(sqlite_db)["p0"].gone_at is None


def test_nothing_is_asked_when_the_days_paid_reads_are_used_up(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(2), reads_per_day=2)
    assert ask(db, kit, source_id) is not None
    with db.work() as session:
        budget.book(session, source_id, 1, purpose="poll", at=TOMORROW)
    assert ask(db, kit, source_id, "p1") is None
    assert ask(db, kit, source_id) is not None  # paid for today already
    assert Echo.asked == [["p0"], ["p0"]]
