"""Reads that cost money: what a source may still read today, booked by polls, re-checks and previews alike.

The day is UTC's, as X bills. Whoever reads a paid platform asks `of` first and calls `book` with what the platform
bills, in the transaction that stores what was read. No network here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from listener.db import upsert
from listener.models import Reading, Source

Purpose = Literal["poll", "recheck", "preview", "stream"]


@dataclass(frozen=True, slots=True)
class Budget:
    """A source's day: reads allowed (None = no budget was set), reads booked, and when the count begins again."""

    per_day: int | None
    used: int
    resets_at: datetime

    @property
    def left(self) -> int | None:
        """Reads that may still be made today; None = no budget."""
        return None if self.per_day is None else max(0, self.per_day - self.used)


def book(session: Session, source_id: int, reads: int, *, purpose: Purpose, at: datetime) -> None:
    """Add reads to the day of a source; part of the caller's transaction. Nothing is refused here: they were made."""
    if reads <= 0:
        return
    made = upsert(session, Reading).values(
        source_id=source_id, day=at.astimezone(UTC).date(), purpose=purpose, reads=reads
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["source_id", "day", "purpose"],
            set_={"reads": Reading.reads + made.excluded.reads},
        )
    )


def of(session: Session, source: Source, *, at: datetime) -> Budget:
    """Return what a source may read today and what it has read."""
    return budgets(session, [source], at=at)[source.id]


def budgets(session: Session, sources: Iterable[Source], *, at: datetime) -> dict[int, Budget]:
    """Return the day of each source by its id, with one query."""
    found = list(sources)
    today = at.astimezone(UTC).date()
    booked = session.execute(
        select(Reading.source_id, func.sum(Reading.reads))
        .where(Reading.day == today, Reading.source_id.in_([source.id for source in found]))
        .group_by(Reading.source_id)
    )
    used = {source_id: int(reads) for source_id, reads in booked}
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), UTC)
    return {
        source.id: Budget(source.options.get("reads_per_day"), used.get(source.id, 0), midnight)
        for source in found
    }
