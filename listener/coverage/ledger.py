"""One source over a period, added up: how much was seen, what was cut short and made up for, when it was blind."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from listener.coverage.gaps import Gap, gaps
from listener.db import Database, now
from listener.models import Poll, Source
from listener.sources import SourceError
from listener.streams.cover import StreamCover, stream_of
from listener.streams.state import uptimes

SUMS = ("fetched", "new", "late")
FLAGS = ("truncated", "backfilled", "pushed")
BEFORE = timedelta(days=2)  # how far before the period the last good poll is looked for


@dataclass(slots=True)
class Coverage:
    """One source over a period.

    polls: asked by us; pushed: webhooks, files, streams. late: new posts that were there at the poll before, unseen.
    platform_lag_seconds: median age of new posts when they were heard. lag_seconds: age of the last good poll, None
    when there was none. blind: its gaps, oldest first. heard_from: where what was asked for begins, None where that
    is before the period.
    """

    source: str
    kind: str
    state: str
    polls: int = 0
    pushed: int = 0
    fetched: int = 0
    new: int = 0
    late: int = 0
    truncated: int = 0
    backfilled: int = 0
    errors: int = 0
    blind: list[Gap] = field(default_factory=list)
    last_ok_at: datetime | None = None
    lag_seconds: float | None = None
    platform_lag_seconds: float | None = None
    source_id: int = 0
    stream: StreamCover | None = None
    heard_from: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the object that `coverage --json` prints."""
        found = asdict(self)
        del found["source_id"]
        for name in ("last_ok_at", "heard_from"):
            found[name] = found[name].isoformat() if found[name] else None
        found["blind"] = [
            {
                "from": gap.since.isoformat(),
                "to": gap.until.isoformat() if gap.until else None,
                "reason": gap.reason,
                "cause": gap.cause.value,
            }
            for gap in self.blind
        ]
        found["stream"] = self.stream.as_json() if self.stream else None
        return found

    def lines(self) -> list[str]:
        """Return what `coverage` prints for people."""
        heard = f"{self.polls} polls, {self.fetched} fetched, {self.new} new"
        extra = [f"{count} {name}" for name, count in self._odd() if count]
        if self.platform_lag_seconds is not None:
            extra.append(f"new posts are {self.platform_lag_seconds:.0f} s old when heard (median)")
        made = [f"{self.source} ({self.kind}, {self.state}): {', '.join([heard, *extra])}"]
        for gap in self.blind:
            until = f"healed {gap.until:%Y-%m-%d %H:%M}" if gap.until else "still"
            made.append(f"  blind since {gap.since:%Y-%m-%d %H:%M} UTC, {until}: {gap.reason}")
        return made + (self.stream.lines() if self.stream else [])

    def _odd(self) -> Iterable[tuple[str, int]]:
        return (
            ("pushed", self.pushed), ("truncated", self.truncated), ("back-filled", self.backfilled),
            ("errors", self.errors), ("shown late", self.late),
        )  # fmt: skip


def summary(
    db: Database, *, source: str | None = None, brand_ids: Collection[int] | None = None,
    since: datetime, at: datetime | None = None,
) -> list[Coverage]:  # fmt: skip
    """Return the coverage of the sources (or one, or those of some brands) from `since` until `at`, by name.

    Raises SourceError for an unknown name.
    """
    at = at or now()
    with db.read() as session:
        query = select(Source).where(Source.state != "removed").order_by(Source.name)
        if brand_ids is not None:
            query = query.where(Source.brand_id.in_(brand_ids))
        found = session.scalars(query.where(Source.name == source) if source else query).all()
        if source and not found:
            message = f"there is no source {source!r}; `allears source list` shows them"
            raise SourceError(message)
        before = _good_before(session, [row.id for row in found], since)
        return [_of(session, row, since, at, before.get(row.id)) for row in found]


def _of(session: Session, source: Source, since: datetime, at: datetime, before: datetime | None) -> Coverage:
    made = Coverage(source.name, source.kind, source.state, last_ok_at=source.last_ok_at, source_id=source.id)
    inside = (Poll.source_id == source.id, Poll.started_at >= since, Poll.started_at <= at)
    sums = [func.coalesce(func.sum(getattr(Poll, name)), 0) for name in SUMS]
    flags = [func.count().filter(getattr(Poll, name)) for name in FLAGS]
    errors = func.count().filter(Poll.error.is_not(None))
    numbers = session.execute(select(func.count(), errors, *sums, *flags).where(*inside)).one()
    count, made.errors, made.fetched, made.new, made.late, made.truncated, made.backfilled, made.pushed = (
        numbers
    )
    made.polls = count - made.pushed
    polls = session.execute(
        select(Poll.ended_at, Poll.error, Poll.truncated, Poll.lag_seconds)
        .where(*inside, Poll.pushed.is_(False))
        .order_by(Poll.started_at, Poll.id)
    ).all()
    lags = [poll.lag_seconds for poll in polls if poll.lag_seconds is not None]
    made.platform_lag_seconds = round(median(lags), 1) if lags else None
    if (
        source.created_at > since
    ):  # a new source reads back, so that it heard what was said before it was made
        asked = session.scalar(select(func.min(Poll.asked_from)).where(Poll.source_id == source.id))
        begin = min(asked or source.created_at, source.created_at)
        made.heard_from = begin if begin > since else None
    if source.last_ok_at:
        made.lag_seconds = round((at - source.last_ok_at).total_seconds(), 1)
    if source.state != "paused":
        begin = before or max(since, source.created_at)
        every = timedelta(seconds=source.every)
        polled = source.last_ok_at is not None and source.last_ok_at < begin
        made.blind = gaps(
            polls, since=begin, at=at, every=every, polled_before=polled or before is not None,
            streamed=uptimes(session, source, since=begin, at=at),
        )  # fmt: skip
    made.stream = stream_of(session, source, since=since, at=at)
    return made


def _good_before(session: Session, ids: Collection[int], since: datetime) -> dict[int, datetime]:
    """Return when the last good poll before the period ended, for sources that had one: a gap begins there."""
    found = session.execute(
        select(Poll.source_id, func.max(Poll.ended_at))
        .where(
            Poll.source_id.in_(ids), Poll.started_at < since, Poll.started_at >= since - BEFORE,
            Poll.ended_at.is_not(None), Poll.error.is_(None), Poll.truncated.is_(False), Poll.pushed.is_(False),
        )
        .group_by(Poll.source_id)
    )  # fmt: skip
    return {source_id: ended for source_id, ended in found if ended is not None}
