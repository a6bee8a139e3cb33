"""What each source saw and what it missed: the ledger of polls, read back for people.

"Blind" is a time during which posts may have been missed for now: from the last good poll until the next one, when
that is longer than two polls' distance, and reads with an error or a truncation that no later poll made up for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from listener.db import Database, now
from listener.models import Poll, Source
from listener.sources import SourceError

SLACK = timedelta(seconds=60)  # a poll that is this late is not worth a word
Gap = tuple[datetime, datetime | None, str]


@dataclass(slots=True)
class Coverage:
    """One source over a period. `blind`: (from, to or None while it lasts, reason). `lag_seconds`: age of the last
    good poll, None when there was none."""

    source: str
    kind: str
    state: str
    polls: int = 0
    fetched: int = 0
    new: int = 0
    truncated: int = 0
    backfilled: int = 0
    errors: int = 0
    blind: list[Gap] = field(default_factory=list)
    last_ok_at: datetime | None = None
    lag_seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the object that `coverage --json` prints."""
        found = asdict(self)
        found["last_ok_at"] = self.last_ok_at.isoformat() if self.last_ok_at else None
        found["blind"] = [
            {"from": start.isoformat(), "to": end.isoformat() if end else None, "reason": reason}
            for start, end, reason in self.blind
        ]
        return found

    def lines(self) -> list[str]:
        """Return what `coverage` prints for people."""
        heard = f"{self.polls} polls, {self.fetched} fetched, {self.new} new"
        extra = [f"{count} {name}" for name, count in self._odd() if count]
        made = [f"{self.source} ({self.kind}, {self.state}): {', '.join([heard, *extra])}"]
        for start, end, reason in self.blind:
            until = f"healed {end:%Y-%m-%d %H:%M}" if end else "still"
            made.append(f"  blind since {start:%Y-%m-%d %H:%M} UTC, {until}: {reason}")
        return made

    def _odd(self) -> Iterable[tuple[str, int]]:
        return (("truncated", self.truncated), ("back-filled", self.backfilled), ("errors", self.errors))


def summary(
    db: Database, *, source: str | None = None, since: datetime, at: datetime | None = None
) -> list[Coverage]:
    """Return the coverage of all sources (or one) from `since` until `at`. Raises SourceError for an unknown name."""
    at = at or now()
    with db.read() as session:
        query = select(Source).where(Source.state != "removed").order_by(Source.name)
        found = session.scalars(query.where(Source.name == source) if source else query).all()
        if source and not found:
            message = f"there is no source {source!r}; `allears source list` shows them"
            raise SourceError(message)
        return [_of(session, row, since, at) for row in found]


def _of(session: Session, source: Source, since: datetime, at: datetime) -> Coverage:
    polls = session.scalars(
        select(Poll)
        .where(Poll.source_id == source.id, Poll.started_at >= since, Poll.started_at <= at)
        .order_by(Poll.started_at, Poll.id)
    ).all()
    made = Coverage(source.name, source.kind, source.state, polls=len(polls), last_ok_at=source.last_ok_at)
    for poll in polls:
        made.fetched += poll.fetched
        made.new += poll.new
        made.truncated += poll.truncated
        made.backfilled += poll.backfilled
        made.errors += poll.error is not None
    if source.last_ok_at:
        made.lag_seconds = round((at - source.last_ok_at).total_seconds(), 1)
    if source.state != "paused":
        made.blind = gaps(
            polls, since=max(since, source.created_at), at=at, every=timedelta(seconds=source.every)
        )
    return made


def gaps(polls: Sequence[Poll], *, since: datetime, at: datetime, every: timedelta) -> list[Gap]:
    """Return the times without a good poll that are longer than two polls' distance, oldest first.

    A good poll is one that ended without an error and read all there was; it heals what lies before it, because every
    cursor resumes at the oldest post that was not stored.
    """
    found: list[Gap] = []
    good_until, reason = since, "no poll yet"
    allowed = 2 * every + SLACK
    for poll in polls:
        if poll.ended_at is not None and poll.error is None and not poll.truncated:
            if poll.ended_at - good_until > allowed and reason:
                found.append((good_until, poll.ended_at, reason))
            good_until, reason = poll.ended_at, "not polled"
        elif poll.error is not None:
            reason = poll.error
        elif poll.truncated:
            reason = "more posts than one run may read"
        else:
            reason = "a poll did not end"
    if at - good_until > allowed:
        found.append((good_until, None, reason))
    return found
