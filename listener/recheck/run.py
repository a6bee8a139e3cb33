"""One source's look at its stored posts: claim, ask, store, plan the next. Sleeps nowhere.

The network is only touched between the two transactions. A rate limit, a used-up budget or an error ends the run: what
was answered until then is stored, the rest keeps its place, and the source looks again when it may.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from listener import budget, log, metrics, posts, sources
from listener.channels import channel_type
from listener.channels.base import Channel, Gone, Post
from listener.collect.poll import now_from
from listener.collect.schedule import back_off
from listener.db import Database, now
from listener.errors import ChannelError, ListenerError
from listener.ground import Ground
from listener.models import Reading, Source
from listener.recheck import periods, schedule
from listener.recheck.keep import Kept, keep
from listener.recheck.schedule import Due, Pressing

logger = log.get(__name__)
SHARE = 0.25  # of the day's paid reads: hearing what is new comes first
MANY, MOST = 4, 0.5  # so many posts, and more than this share of them gone: is it the posts, or our access?


@dataclass(slots=True)
class Outcome:
    """What one run did. `skipped` says why nothing was asked, `error` is for people."""

    asked: int = 0
    kept: Kept = field(default_factory=Kept)
    error: str | None = None
    skipped: str | None = None


@dataclass(slots=True)
class _Run:
    source_id: int
    account_id: int
    kind: str
    paid: bool
    due: list[Due]
    asked: dict[int, Post]
    found: list[Post | Gone] = field(default_factory=list)
    done: set[int] = field(default_factory=set)  # mentions the platform has spoken of, or would have by now


def run(
    db: Database, ground: Ground, source_id: int, *, pressing: Pressing, at: datetime | None = None
) -> Outcome:
    """Look at what is due of one source; expected failures are in the outcome and hold this source back.

    Raises whatever a defect in a channel raises, after holding the source back.
    """
    at = at or now()
    began = time.monotonic()
    job = _begin(db, source_id, pressing, at)
    if isinstance(job, str):
        return Outcome(skipped=job)
    error: ChannelError | None = None
    channel: Channel[Any] | None = None
    try:
        channel = sources.channel_of(db, ground, source_id)
        _ask(channel, job, began + ground.settings.run_seconds)
        if _suspicious(job):
            sources.channel_of(db, ground, source_id).check()  # raises when it is our access
    except ListenerError as problem:
        error = problem if isinstance(problem, ChannelError) else ChannelError(str(problem), attention=True)
        if _suspicious(job):
            _disbelieve(job)
    except Exception as defect:
        job.found.clear()  # nobody knows what it means
        job.done.clear()
        _end(db, ground, channel, job, ChannelError(f"unexpected {type(defect).__name__}"), pressing, at)
        raise
    kept = _end(db, ground, channel, job, error, pressing, now_from(at, began))
    for result, count in (("asked", len(job.done)), ("updated", kept.updated), ("gone", kept.gone)):
        metrics.RECHECKS.labels(job.kind, result).inc(count)
    logger.info(
        "source.rechecked", source_id=source_id, asked=len(job.done), updated=kept.updated, gone=kept.gone,
        grown=kept.grown, failed=error is not None, seconds=round(time.monotonic() - began, 3),
    )  # fmt: skip
    return Outcome(len(job.done), kept, str(error) if error else None)


def _begin(db: Database, source_id: int, pressing: Pressing, at: datetime) -> _Run | str:
    with db.work() as session:
        source = session.get(Source, source_id, with_for_update=True)
        if source is None or source.state != "active":
            return "the source was removed or does not listen now"
        left = _reads_left(session, source, at)
        due = schedule.take(session, source, pressing, reads=left, at=at)
        if not due:  # what was paid for today already may be due soon: no waiting for the new day
            source.recheck_after = at + (periods.PRESSING if left == 0 else schedule.PAUSE)
            return "the day's paid reads for another look are used up" if left == 0 else "nothing is due"
        asked = posts.posts_of(session, [one.mention_id for one in due])
        paid = "reads_per_day" in channel_type(source.kind).options_type.model_fields
        return _Run(source.id, source.account_id, source.kind, paid, due, asked)


def _reads_left(session: Session, source: Source, at: datetime) -> int | None:
    """Return how many paid reads this source may still spend on re-checks today; None = no budget was set."""
    day = budget.of(session, source, at=at)
    if day.per_day is None or day.left is None:
        return None
    today = (Reading.source_id == source.id, Reading.day == at.astimezone(UTC).date())
    spent = session.scalar(select(Reading.reads).where(*today, Reading.purpose == "recheck")) or 0
    return max(0, min(day.left, int(day.per_day * SHARE) - spent))


def _ask(channel: Channel[Any], job: _Run, deadline: float) -> None:
    """Ask for the posts in their order until all were spoken of or the time is over. Raises ChannelError."""
    places = {(post.instance, post.id): number for number, post in job.asked.items()}
    order = [one.mention_id for one in job.due if one.mention_id in job.asked]
    walk = cast("Generator[Post | Gone]", channel.refresh([job.asked[number] for number in order]))
    with closing(walk) as answers:
        for item in answers:
            job.found.append(item)
            number = places.get((item.instance, item.id))
            if number is not None:
                job.done.add(number)
            if time.monotonic() > deadline:
                return
    job.done |= set(order)  # what it does not speak of has not changed


def _suspicious(job: _Run) -> bool:
    """Say whether so much is gone at once that it may be our access that is gone."""
    gone = sum(isinstance(item, Gone) for item in job.found)
    return len(job.found) >= MANY and gone > len(job.found) * MOST


def _disbelieve(job: _Run) -> None:
    gone = {(item.instance, item.id) for item in job.found if isinstance(item, Gone)}
    job.found = [item for item in job.found if isinstance(item, Post)]
    job.done -= {number for number, post in job.asked.items() if (post.instance, post.id) in gone}


def _end(
    db: Database,
    ground: Ground,
    channel: Channel[Any] | None,
    job: _Run,
    error: ChannelError | None,
    pressing: Pressing,
    at: datetime,
) -> Kept:
    """Store what was said, plan the next look of each mention, and say when this source may look again."""
    left = [one for one in job.due if one.mention_id not in job.done]
    over = [one.mention_id for one in job.due if one.mention_id not in job.asked]
    with db.work() as session:
        kept = Kept()
        if channel is not None and job.found:
            kept = keep(
                session, job.kind, job.found, account_id=job.account_id, may_reply=channel.may_reply, at=at,
                keep_payload=timedelta(days=ground.settings.keep_payload_days) or None,
            )  # fmt: skip
        if job.paid:
            reads = sum(one.billed for one in job.due if one.mention_id in job.done)
            budget.book(session, job.source_id, reads, purpose="recheck", at=at)
        if error is not None and not _limited(error):
            over += [
                one.mention_id for one in left[:1]
            ]  # where it broke off: the others get their turn first
        schedule.give_back(session, [one for one in left if one.mention_id not in over])
        schedule.looked(session, [*job.done, *over], pressing, at=at)
        _hold(session, job, error, at)
    return kept


def _limited(error: ChannelError) -> bool:
    """Say whether the platform works and only wants us to wait."""
    return error.retry_after is not None and not error.attention and error.status in {None, 429}


def _hold(session: Session, job: _Run, error: ChannelError | None, at: datetime) -> None:
    source = session.get(Source, job.source_id, with_for_update=True)
    if source is None:
        return
    if error is None:
        source.recheck_errors, source.recheck_after = 0, at + schedule.PAUSE
        return
    wait = error.retry_after or timedelta(0)
    if _limited(error):
        session.execute(  # the limit is the account's
            update(Source).where(Source.account_id == job.account_id).values(recheck_after=at + wait)
        )
        return
    source.recheck_errors = 1 if job.done else source.recheck_errors + 1
    source.recheck_after = at + max(wait, back_off(schedule.PAUSE, source.recheck_errors))
