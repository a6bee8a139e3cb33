"""One stream of one source, from connecting to its end: each page is stored as a polled one is, and what happened is
noted on the stream's row. Runs in a thread of its own; never raises an expected failure.

The network is only touched between transactions, and nothing is stored without the lease.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from listener import brands, budget, log, metrics, sources
from listener.channels.base import Channel, Cursor, Gone, Listen, Page
from listener.collect.page import Counts, Target, save
from listener.collect.poll import remember
from listener.db import Database, now
from listener.errors import ChannelError, HttpError, ListenerError
from listener.ground import Ground
from listener.models import Mention, Poll, Source
from listener.streams import state
from listener.streams.lease import Held, LostError, mine
from listener.streams.models import ATTENTION, DOWN, UP, Span

logger = log.get(__name__)
Heard = Callable[[Counts], object]
STEADY = timedelta(seconds=60)  # a connection that lasted so long was a good one: the back-off begins anew
LONGEST_WAIT = timedelta(minutes=5)
LIMITED_WAIT = timedelta(minutes=1)  # a 429 that does not say how long
LINE = 60.0  # seconds of a stream in one line of the ledger
CURSOR_EVERY = 10.0  # seconds: how often the place of a stream is kept while nothing of it is stored
ERRORS_BEFORE_ATTENTION = 2
TOO_MANY = 429
_dice = random.SystemRandom()


@dataclass(slots=True)
class _Run:
    held: Held
    target: Target
    what: Listen
    cursor: Cursor | None
    span_id: int | None = None
    poll_id: int | None = None  # the ledger's present line
    up_at: float = 0.0  # on the monotonic clock, as the two below
    kept_at: float = 0.0
    line_at: float = 0.0


def follow(
    db: Database, ground: Ground, held: Held, stop: Event, *, alive: Callable[[], object], heard: Heard
) -> None:
    """Hear a stream until `stop`, its end or the loss of the lease. `alive` is called at every sign of life, `heard`
    with what became of each page that was stored."""
    run: _Run | None = None
    error: ChannelError | None = None
    try:
        channel = sources.channel_of(db, ground, held.source_id)
        run = _begin(db, ground, held, channel)
        pages = cast("Generator[Page]", channel.stream(run.what, run.cursor, stop))
        with closing(pages):
            for page in pages:
                alive()
                _take(db, channel, run, page, heard)  # also the last one: it may have been paid for
                if stop.is_set():
                    break
        if not stop.is_set():
            error = HttpError("the platform ended the stream")
    except LostError:
        logger.warning("stream.lost", source_id=held.source_id)
        return
    except ListenerError as problem:
        error = problem if isinstance(problem, ChannelError) else ChannelError(str(problem), attention=True)
    except Exception as defect:
        error = ChannelError(
            f"unexpected {type(defect).__name__}", hint="this is a defect of All Ears: see the log"
        )
        _end(db, held, run, error, skip=True)
        raise
    _end(db, held, run, error, skip=False)


def _begin(db: Database, ground: Ground, held: Held, channel: Channel[Any]) -> _Run:
    at = now()
    with db.work() as session:
        row = mine(session, held)
        source = session.get_one(Source, held.source_id)
        queries = brands.queries_of(session, source.brand_id)
        left = _left(session, source, at)
        target = Target(
            source_id=source.id,
            account_id=source.account_id,
            brand_id=source.brand_id,
            kind=source.kind,
            queries=queries,
            may_reply=channel.may_reply,
            identities=sources.identities(session, source.kind),
            keep_payload=timedelta(days=ground.settings.keep_payload_days) or None,
        )
        key = f"{source.id}-{int(source.created_at.timestamp())}"
        what = Listen([query for _, query in queries], at, reads_left=left, key=key)
        return _Run(held, target, what, row.cursor)


def _left(session: Session, source: Source, at: datetime) -> int | None:
    """Return what the day's budget still allows. Raises ChannelError when that is nothing."""
    day = budget.of(session, source, at=at)
    if day.left is not None and day.left <= 0:
        raise ChannelError(
            f"the day's budget of {day.per_day or 0:,} reads is used up; the stream goes on at 00:00 UTC",
            retry_after=day.resets_at - at,
            hint="Raise reads_per_day, or make the brand's query narrower.",
        )
    return day.left


def _take(db: Database, channel: Channel[Any], run: _Run, page: Page, heard: Heard) -> None:
    """Store a page, or note that there was nothing: then the row is only touched now and then."""
    gone = _known(db, run.target.kind, page) if page.gone else []
    moment = time.monotonic()
    keep_cursor = page.cursor is not None and moment - run.kept_at > CURSOR_EVERY
    first = run.span_id is None
    run.cursor = page.cursor or run.cursor
    if not (first or page.posts or gone or page.reads or keep_cursor):
        return
    at = now()
    counts = Counts()
    with db.work() as session:
        row = mine(session, run.held)
        if first:
            run.span_id, run.up_at = _up(session, run.held, at), moment
            row.state, row.since, row.error, row.hint = UP, at, None, None
        if page.truncated:
            state.hurry(session, row.source_id, at=at)  # the stream could not show all: the polls can
        row.cursor = page.cursor or row.cursor
        run.kept_at = moment
        remember(session, run.target.account_id, channel)
        budget.book(session, row.source_id, page.reads, purpose="stream", at=at)
        if page.posts or gone:
            target = _line(session, run, at, moment)
            counts = save(session, row.source_id, replace(page, cursor=None, gone=gone), target, at=at)
            _count(session, run.span_id, counts)
    if counts.fetched:
        heard(counts)
    if page.reads:
        with db.read() as session:
            _left(session, session.get_one(Source, run.held.source_id), at)


def _up(session: Session, held: Held, at: datetime) -> int:
    span = Span(source_id=held.source_id, began_at=at)
    session.add(span)
    session.flush()
    state.hurry(session, held.source_id, at=at)  # what was said since the last poll, before we were connected
    logger.info("stream.up", source_id=held.source_id)
    return span.id


def _known(db: Database, kind: str, page: Page) -> list[Gone]:
    """Return those deletions that concern us: a stream may tell of everybody's."""
    with db.read() as session:
        found = session.execute(
            select(Mention.instance, Mention.external_id).where(
                Mention.channel == kind,
                Mention.external_id.in_({item.id for item in page.gone}),
                Mention.gone_at.is_(None),
            )
        )
        stored = {(row.instance, row.external_id) for row in found}
    stored |= {(post.instance, post.id) for post in page.posts}  # written and deleted within a moment
    return [item for item in page.gone if (item.instance, item.id) in stored]


def _line(session: Session, run: _Run, at: datetime, moment: float) -> Target:
    """Return for whom to store, with a line of the ledger: a new one each minute, marked as pushed to us."""
    source = session.get_one(Source, run.held.source_id)
    if run.poll_id is None or moment - run.line_at > LINE:
        line = Poll(source_id=source.id, started_at=at, ended_at=at, pushed=True)
        session.add(line)
        session.flush()
        run.poll_id, run.line_at = line.id, moment
        run.target = replace(run.target, poll_id=line.id, complete_at=source.complete_at, ages=[])
    else:
        session.get_one(Poll, run.poll_id).ended_at = at
    return replace(run.target, identities=sources.identities(session, run.target.kind))


def _count(session: Session, span_id: int | None, counts: Counts) -> None:
    values = {name: getattr(Span, name) + getattr(counts, name) for name in Counts.__slots__}
    session.execute(
        update(Span).where(Span.id == span_id).values(values).execution_options(synchronize_session=False)
    )


def _end(db: Database, held: Held, run: _Run | None, error: ChannelError | None, *, skip: bool) -> None:
    """Give the lease back and note how it ended and when to connect again. Without an error: we ended it.

    skip: move the place of the stream behind what could not be stored; the polls get another try at it.
    """
    at = now()
    was_up = run is not None and run.span_id is not None
    lasted = time.monotonic() - run.up_at if run is not None and was_up else 0.0
    try:
        with db.work() as session:
            row = mine(session, held)
            row.holder = row.lease_until = None
            row.state, row.since = DOWN, at
            row.errors = 0 if timedelta(seconds=lasted) > STEADY else row.errors
            row.next_at = at
            if skip and run is not None:
                row.cursor = run.cursor
            if error is not None:
                row.error, row.hint = str(error), error.hint or None
                wait = _wait(row.errors, error)
                limited = error.retry_after is not None and not error.attention
                row.errors += 0 if limited else 1
                row.next_at = at + wait
                if (error.attention or error.permanent) and row.errors >= ERRORS_BEFORE_ATTENTION:
                    row.state = ATTENTION
            else:
                row.error = row.hint = None
            state.close_span(session, held.source_id, at=at, error=str(error) if error else None)
            if was_up and error is not None:
                state.hurry(session, held.source_id, at=at)
    except LostError:
        return
    metrics.STREAMS.labels("error" if error else "ended").inc()
    logger.info("stream.down", source_id=held.source_id, failed=error is not None, seconds=round(lasted, 1))


def _wait(errors: int, error: ChannelError) -> timedelta:
    """Return how long to stay away: as the platform says, else doubling from a second, half of it by chance."""
    if error.retry_after is not None:
        return error.retry_after + timedelta(seconds=_dice.uniform(0, 5))
    wait = min(timedelta(seconds=2 ** min(errors, 10)), LONGEST_WAIT)
    if (isinstance(error, HttpError) and error.status == TOO_MANY) or error.attention or error.permanent:
        wait = max(wait, LIMITED_WAIT)
    return wait * _dice.uniform(0.5, 1.5)
