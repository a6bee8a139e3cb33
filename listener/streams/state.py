"""What the rest of the product asks about streams: is one up, how slowly may polls go, when was it down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from listener.models import Source
from listener.streams.models import ATTENTION, DOWN, UP, Span, Stream

# while a stream is up, polls are the safety net; the digest calls a source unheard after an hour
SAFETY_NET = timedelta(minutes=15)


def pace(session: Session, source: Source, *, at: datetime) -> timedelta:
    """Return how long a source may wait for its next poll: longer while its stream is up."""
    every = timedelta(seconds=source.every)
    row = session.get(Stream, source.id)
    is_up = row is not None and row.state == UP and row.lease_until is not None and row.lease_until >= at
    return max(every, SAFETY_NET) if is_up else every


def hurry(session: Session, source_id: int, *, at: datetime) -> None:
    """Bring the next poll forward to where it would be without a stream, because something may have been missed.

    Never sooner, so that a connection that flaps makes no storm of polls.
    """
    source = session.get_one(Source, source_id)
    usual = max(at, (source.last_ok_at or at) + timedelta(seconds=source.every))
    source.next_poll_at = min(source.next_poll_at, usual)


def again(session: Session, source_id: int, *, at: datetime) -> None:
    """Let a stream that asked for attention, or waits, be connected at once: somebody has seen to it."""
    row = session.get(Stream, source_id)
    if row is None:
        return
    row.next_at, row.errors = at, 0
    if row.state == ATTENTION:
        row.state, row.since = DOWN, at


def rows(session: Session) -> dict[int, Stream]:
    """Return the streams of sources that want one, by source."""
    found = session.execute(select(Stream, Source.options).join(Source, Source.id == Stream.source_id))
    return {row.source_id: row for row, options in found if options.get("stream")}


def spans(session: Session, source_id: int, *, since: datetime, at: datetime) -> Sequence[Span]:
    """Return when a stream was up between two instants, oldest first."""
    return session.scalars(
        select(Span)
        .where(
            Span.source_id == source_id,
            Span.began_at <= at,
            func.coalesce(Span.ended_at, at) >= since,
        )
        .order_by(Span.began_at, Span.id)
    ).all()


def close_span(session: Session, source_id: int, *, at: datetime, error: str | None) -> None:
    """Close what is open in the ledger of a stream."""
    session.execute(
        update(Span)
        .where(Span.source_id == source_id, Span.ended_at.is_(None))
        .values(ended_at=at, error=error)
    )
