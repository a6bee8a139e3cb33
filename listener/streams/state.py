"""What the rest of the product asks about streams: is one up, how slowly may polls go, when was it down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from listener.channels import channel_type
from listener.models import Source
from listener.streams.models import ATTENTION, DOWN, UP, Span, Stream

# while a stream is up, polls are the safety net; the digest calls a source unheard after an hour
SAFETY_NET = timedelta(minutes=15)
PATIENCE = timedelta(minutes=10)  # where polls fail too, the source says so itself within that time


def pace(session: Session, source: Source, *, at: datetime) -> timedelta:
    """Return how long a source may wait for its next poll: longer while a stream is up that hears all the polls do."""
    every = timedelta(seconds=source.every)
    if not _covers(source.kind, source.options):
        return every
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


def streaming(session: Session, source: Source) -> dict[str, Any]:
    """Return what lists show of a source's stream, nothing for a source without one."""
    if not source.options.get("stream"):
        return {}
    row = session.get(Stream, source.id)
    if row is None:
        return {"stream": DOWN}
    return {
        "stream": row.state,
        "stream_since": row.since,
        "stream_error": row.error,
        "stream_hint": row.hint,
    }


def stuck(session: Session, *, at: datetime) -> Sequence[tuple[int, int, datetime]]:
    """Return (source, brand, since) of the streams that only a person can mend while the polls still hear."""
    found = session.execute(
        select(Source.id, Source.brand_id, Stream.since)
        .join(Stream, Stream.source_id == Source.id)
        .where(
            Stream.state == ATTENTION, Stream.since < at - PATIENCE, Source.state == "active", Source.errors == 0
        )
        .order_by(Source.id)
    )  # fmt: skip
    return [(row.id, row.brand_id, row.since) for row in found]


def spans(session: Session, source_id: int, *, since: datetime, at: datetime) -> Sequence[Span]:
    """Return the times between two instants in which a stream was up, oldest first."""
    return session.scalars(
        select(Span)
        .where(Span.source_id == source_id, Span.began_at <= at, func.coalesce(Span.ended_at, at) >= since)
        .order_by(Span.began_at, Span.id)
    ).all()


def uptimes(
    session: Session, source: Source, *, since: datetime, at: datetime
) -> list[tuple[datetime, datetime]]:
    """Return from when to when a stream certainly heard all that polls would have; nothing for one that hears less.

    One whose holder is silent counts until its last word.
    """
    if not _covers(source.kind, source.options):
        return []
    found = spans(session, source.id, since=since, at=at)
    row = session.get(Stream, source.id) if found else None
    last_word = row.lease_until if row is not None else None
    return [(span.began_at, span.ended_at or min(at, last_word or span.began_at)) for span in found]


def up_since(session: Session, source_ids: Iterable[int], *, at: datetime) -> dict[int, datetime]:
    """Return since when the streams of these sources have heard all that polls would have, by source; others are left
    out."""
    found = session.execute(
        select(Stream.source_id, Stream.since, Source.kind, Source.options)
        .join(Source, Source.id == Stream.source_id)
        .where(Stream.source_id.in_(list(source_ids)), Stream.state == UP, Stream.lease_until >= at)
    )
    return {row.source_id: row.since for row in found if _covers(row.kind, row.options)}


def _covers(kind: str, options: Mapping[str, Any]) -> bool:
    """Say whether a source's stream, if it is up, hears what its polls hear."""
    return bool(options.get("stream")) and channel_type(kind).stream_covers(options)


def close_span(session: Session, source_id: int, *, at: datetime, error: str | None) -> None:
    """Close what is open in the ledger of a stream."""
    session.execute(
        update(Span)
        .where(Span.source_id == source_id, Span.ended_at.is_(None))
        .values(ended_at=at, error=error)
    )
