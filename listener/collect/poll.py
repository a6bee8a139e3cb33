"""One poll of one source: open the channel, walk its pages, store each, note how it went.

The network is only touched between transactions. A poll that dies leaves a cursor that resumes exactly where its last
stored page ended.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from listener import brands, budget, log, metrics, sources
from listener.channels.base import Channel, Cursor, Listen, MayReply, Page, Post, ReplyMode
from listener.collect.page import Target, save
from listener.collect.schedule import ATTENTION, PAUSED, Lease, LeaseLostError, Outcome, fail, succeed
from listener.db import Database, now
from listener.errors import ChannelError, ListenerError, PartError
from listener.ground import Ground
from listener.models import Account, Poll, Source
from listener.streams.state import pace

logger = log.get(__name__)
MARGIN = timedelta(seconds=90)  # a lease outlives the run's deadline by one slow request


@dataclass(slots=True)
class _Run:
    name: str
    account_id: int
    cursor: Cursor | None
    since: datetime
    reads_left: int | None
    target: Target
    lease: Lease


def poll(
    db: Database, ground: Ground, source_id: int, *, force: bool = False, at: datetime | None = None
) -> Outcome:
    """Poll one source and return what happened; expected failures are in the outcome and on the source.

    `force` overrides the schedule, the error back-off and a pause by *attention*, never a rate limit's reset and never
    a running poll. Raises whatever a defect in a channel raises, after noting it on the source.
    """
    at = at or now()
    began = time.monotonic()
    run = _begin(db, ground, source_id, force=force, at=at)
    if isinstance(run, Outcome):
        return run
    outcome = Outcome(run.name)
    try:
        channel = sources.channel_of(db, ground, source_id)
        part = _walk(db, ground, channel, run, outcome, at, began)
    except LeaseLostError as lost:
        outcome.skipped = str(lost)
        return outcome
    except ListenerError as problem:
        # what is not the channel's word (a key that does not open the secrets, say) needs a person
        error = problem if isinstance(problem, ChannelError) else ChannelError(str(problem), attention=True)
        outcome.error, outcome.hint = str(error), error.hint or None
        _fail(db, run, error, now_from(at, began))
    except Exception as defect:
        error = ChannelError(
            f"unexpected {type(defect).__name__}", hint="this is a defect of All Ears: see the log"
        )
        _fail(db, run, error, now_from(at, began))
        metrics.POLLS.labels(run.target.kind, "crashed").inc()
        raise
    else:
        _succeed(db, run, channel, outcome, now_from(at, began), part)
    metrics.POLLS.labels(run.target.kind, "error" if outcome.error else "ok").inc()
    logger.info(
        "source.polled", source_id=source_id, fetched=outcome.fetched, new=outcome.new, updated=outcome.updated,
        truncated=outcome.truncated, failed=outcome.error is not None, seconds=round(time.monotonic() - began, 3),
    )  # fmt: skip
    return outcome


def now_from(at: datetime, began: float) -> datetime:
    """Return the instant that is as long after `at` as the monotonic clock says; wall clocks jump."""
    return at + timedelta(seconds=time.monotonic() - began)


def _begin(db: Database, ground: Ground, source_id: int, *, force: bool, at: datetime) -> _Run | Outcome:
    with db.work() as session:
        source = session.get(Source, source_id, with_for_update=True)
        if source is None:
            return Outcome(str(source_id), skipped="the source was removed")
        why = _not_now(source, force=force, at=at)
        if why:
            return Outcome(source.name, skipped=why)
        source.lease_until = at + timedelta(seconds=ground.settings.run_seconds) + MARGIN
        ledger = Poll(source_id=source.id, started_at=at)
        session.add(ledger)
        session.flush()
        asked = source.options.get("since")
        since = (
            datetime.fromisoformat(asked)
            if asked
            else at - timedelta(hours=ground.settings.first_window_hours)
        )
        ledger.asked_from = source.complete_at or since
        target = Target(
            source_id=source.id,
            account_id=source.account_id,
            brand_id=source.brand_id,
            kind=source.kind,
            queries=brands.queries_of(session, source.brand_id),
            may_reply=_not_asked,
            identities=sources.identities(session, source.kind),
            keep_payload=timedelta(days=ground.settings.keep_payload_days) or None,
            poll_id=ledger.id,
            complete_at=source.complete_at,
        )
        return _Run(
            name=source.name,
            account_id=source.account_id,
            cursor=source.cursor,
            since=since,
            reads_left=budget.of(session, source, at=at).left,
            target=target,
            lease=Lease(source.id, source.lease_until),
        )


def _not_asked(post: Post) -> MayReply:
    """Stand in until the channel is open; `_walk` puts the channel's own answer in its place."""
    del post
    return MayReply(ReplyMode.NONE)


def _not_now(source: Source, *, force: bool, at: datetime) -> str | None:
    if source.not_before is not None and source.not_before > at:
        return f"rate limited by the platform until {source.not_before:%Y-%m-%d %H:%M:%S} UTC"
    if source.state == PAUSED:
        return f"paused; `allears source resume {source.name}` starts it again"
    if force:
        return None
    if source.state == ATTENTION:
        return f"needs attention: {source.error}"
    if source.next_poll_at > at:
        return f"not due before {source.next_poll_at:%Y-%m-%d %H:%M:%S} UTC"
    return None


def _walk(
    db: Database,
    ground: Ground,
    channel: Channel[Any],
    run: _Run,
    outcome: Outcome,
    at: datetime,
    began: float,
) -> PartError | None:
    """Store what the channel says, page by page. Returns what kept a part of the source from being read."""
    target = replace(run.target, may_reply=channel.may_reply)
    what = Listen(
        [query for _, query in target.queries],
        run.since,
        max_pages=ground.settings.max_pages,
        reads_left=run.reads_left,
    )
    deadline = began + ground.settings.run_seconds
    walk = cast("Generator[Page]", channel.listen(what, run.cursor))  # every listen is a generator
    with closing(walk) as pages:
        try:
            for page in pages:
                with db.work() as session:
                    moment = now_from(at, began)
                    run.lease.renew(session, moment + timedelta(seconds=ground.settings.run_seconds) + MARGIN)
                    remember(session, run.account_id, channel)
                    budget.book(session, target.source_id, page.reads, purpose="poll", at=moment)
                    outcome.add(save(session, target.source_id, page, target, at=moment))
                outcome.truncated = page.truncated
                outcome.backfilled = outcome.backfilled or page.backfilled
                if time.monotonic() > deadline:
                    outcome.truncated = True
                    break
        except PartError as error:
            outcome.error, outcome.hint = str(error), error.hint or None
            return error
    return None


def remember(session: Session, account_id: int, channel: Channel[Any]) -> None:
    """Keep what the platform said of the account with the first page: an alert may need it before the poll ends."""
    account = session.get_one(Account, account_id)
    fresh = dict(account.limits) | channel.known
    if fresh != account.limits:
        account.limits = fresh


def _succeed(
    db: Database, run: _Run, channel: Channel[Any], outcome: Outcome, at: datetime, part: PartError | None
) -> None:
    with db.work() as session:
        source, account, ledger = _end(session, run, at)
        if source is None:
            return
        succeed(source, account, at=at, more=outcome.truncated, every=pace(session, source, at=at))
        if part is not None:  # the pace stays, the page and the ledger tell which part is missing
            source.error, source.hint, ledger.error = str(part), part.hint or None, str(part)
        elif not outcome.truncated:
            source.complete_at = ledger.started_at
        ledger.truncated = outcome.truncated
        remember(session, account.id, channel)


def _fail(db: Database, run: _Run, error: ChannelError, at: datetime) -> None:
    with db.work() as session:
        source, account, ledger = _end(session, run, at)
        if source is None:
            return
        fail(source, account, error, at=at)
        ledger.error = str(error)


def _end(session: Session, run: _Run, at: datetime) -> tuple[Source | None, Account, Poll]:
    """Close the ledger and give the lease back; the source is None when another poll has taken it over."""
    ledger = session.get_one(Poll, run.target.poll_id)
    ledger.ended_at = at
    account = session.get_one(Account, run.account_id)
    source = session.scalars(
        select(Source)
        .where(Source.id == run.lease.source_id, Source.lease_until == run.lease.until)
        .with_for_update()
    ).one_or_none()
    if source is not None:
        source.lease_until = None
    return source, account, ledger
