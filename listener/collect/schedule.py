"""When a source is polled: claims with a lease, what happens after success, failure and a rate limit.

What is due lives in the rows. A claim commits at once; the exact lease is the proof of ownership (`Lease`): whoever
finds another value in the row has lost it to a second poll and must stop before storing.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from listener.collect.page import Counts
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.models import Account, Source

ACTIVE, PAUSED, ATTENTION = "active", "paused", "attention"
LONGEST_BACK_OFF = timedelta(hours=1)
CATCH_UP = timedelta(seconds=15)  # a source with more to read waits no longer than this
ERRORS_BEFORE_ATTENTION = 2
_dice = random.SystemRandom()


@dataclass(slots=True)
class Outcome:
    """What one poll of one source did; `error` and `hint` are for people. `skipped` says why nothing was asked."""

    source: str
    fetched: int = 0
    new: int = 0
    updated: int = 0
    duplicates: int = 0
    unmatched: int = 0
    own: int = 0
    truncated: bool = False
    backfilled: bool = False
    error: str | None = None
    hint: str | None = None
    skipped: str | None = None

    def add(self, counts: Counts) -> None:
        """Add the counts of a page."""
        for name in Counts.__slots__:
            setattr(self, name, getattr(self, name) + getattr(counts, name))

    def as_json(self) -> dict[str, Any]:
        """Return the object that `collect --json` prints."""
        return asdict(self)


def due(
    db: Database, *, at: datetime | None = None, limit: int = 50, lease: timedelta = timedelta(minutes=4)
) -> list[int]:
    """Claim the active sources whose time has come, longest waiting first. Returns their ids.

    The claim ends by itself: a message that got lost costs one lease, not the source.
    """
    at = at or now()
    with db.work() as session:
        waiting = (
            select(Source.id)
            .where(
                Source.state == ACTIVE,
                Source.next_poll_at <= at,
                or_(Source.not_before.is_(None), Source.not_before <= at),
                or_(Source.lease_until.is_(None), Source.lease_until < at),
            )
            .order_by(Source.next_poll_at, Source.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(session.scalars(waiting))  # locked rows are ours until the commit
        session.execute(update(Source).where(Source.id.in_(ids)).values(lease_until=at + lease))
        return ids


def succeed(source: Source, account: Account, *, at: datetime, more: bool, every: timedelta) -> None:
    """Note a good poll: errors are forgotten, the next one comes after `every` (soon when there is more to read)."""
    source.errors, source.error, source.hint, source.failing_since = 0, None, None, None
    source.not_before = None
    source.last_ok_at = at
    source.state = ACTIVE if source.state == ATTENTION else source.state
    source.next_poll_at = at + (min(every, CATCH_UP) if more else jittered(every, 0.05))
    account.health, account.health_note, account.checked_at = "ok", None, at


def fail(source: Source, account: Account, error: ChannelError, *, at: datetime) -> None:
    """Note a failed poll: back off, or wait for the platform's reset, or ask for a person."""
    every = timedelta(seconds=source.every)
    source.error, source.hint = str(error), error.hint or None
    account.checked_at, account.health_note = at, str(error)
    fault = (
        isinstance(error, HttpError)
        and error.status is not None
        and error.status != HTTPStatus.TOO_MANY_REQUESTS
    )
    if error.retry_after is not None and not error.attention and not fault:
        # the platform works and says when to come back; jitter only ever adds
        wait = error.retry_after + timedelta(seconds=_dice.uniform(0, 5))
        source.not_before = at + wait
        source.next_poll_at = at + max(wait, every)
        return
    source.errors += 1
    source.failing_since = source.failing_since or at
    account.health = "failing"
    if error.attention and source.errors >= ERRORS_BEFORE_ATTENTION:
        source.state, account.health = ATTENTION, "attention"
    if error.retry_after is not None:
        source.not_before = at + error.retry_after
    source.next_poll_at = at + back_off(every, source.errors)


def back_off(every: timedelta, errors: int) -> timedelta:
    """Return the wait after so many errors in a row: doubling, at most an hour (or `every`), ± 20 %."""
    longest = max(every, LONGEST_BACK_OFF)
    return min(jittered(min(every * 2 ** min(errors, 20), longest), 0.2), longest)


def jittered(wait: timedelta, share: float) -> timedelta:
    """Return the wait, longer or shorter by at most `share`, so that sources do not march in step."""
    return wait * _dice.uniform(1 - share, 1 + share)


@dataclass(slots=True)
class Lease:
    """The right to store for one source. `until` is the exact value in the row and serves as its token."""

    source_id: int
    until: datetime

    def renew(self, session: Session, until: datetime) -> None:
        """Prolong the lease; part of the transaction that stores. Raises LeaseLost."""
        renewed = session.execute(
            update(Source)
            .where(Source.id == self.source_id, Source.lease_until == self.until)
            .values(lease_until=until)
            .returning(Source.id)
            .execution_options(synchronize_session=False)
        )
        if renewed.scalar_one_or_none() is None:
            message = f"source {self.source_id} was taken over by another poll"
            raise LeaseLostError(message)
        self.until = until


class LeaseLostError(Exception):
    """Another poll owns the source now (or it was removed); nothing of ours may be stored any more."""
