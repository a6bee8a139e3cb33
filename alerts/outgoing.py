"""The life of a row that becomes one mail: digests and deliveries share it, so both go out at most once.

waiting → (claimed, by a lease) → sending → sent | failed; back to waiting after a temporary refusal, with spaced
tries. `sending` is committed *before* the server is spoken to. A worker that dies before that leaves a lease that
expires, and the row is tried again. A worker that dies in `sending` leaves a mail of which nobody knows: we prefer a
missing mail that the panel shows as failed (with a reason and a way to send it again) to a manager who gets every
digest twice, so an expired `sending` becomes `failed`, never `waiting`. This file knows rows, not mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from alerts.models import Delivery, Digest
from listener.db import Database

Table = type[Digest] | type[Delivery]
LEASE = timedelta(minutes=5)
RUN_SECONDS = 120.0  # after which a run takes no further row; the next tick goes on
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
UNKNOWN = (
    "the process ended while the mail was handed over; it may have arrived and is not sent again by itself"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that is ours until the lease ends; `attempt` is the fence against a slower owner."""

    id: int
    attempt: int


def claim(
    db: Database,
    table: Table,
    *,
    at: datetime,
    limit: int,
    ids: Sequence[int] | None = None,
    targets: Sequence[str] | None = None,
) -> list[Claim]:
    """Take at most `limit` due rows, oldest first (only of `ids`, only deliveries to `targets`, when given).
    Two workers never get the same row."""
    due = (
        table.state == "waiting",
        table.next_try_at <= at,
        or_(table.lease_until.is_(None), table.lease_until < at),
    )
    with db.work() as session:
        waiting = select(table.id).where(*due).order_by(table.next_try_at, table.id).limit(limit)
        if ids is not None:
            waiting = waiting.where(table.id.in_(ids))
        if targets is not None:
            waiting = waiting.where(Delivery.target.in_(targets))
        found = session.scalars(waiting.with_for_update(skip_locked=True)).all()
        claimed = []
        for row_id in found:
            attempt = session.scalar(
                update(table)
                .where(table.id == row_id, *due)
                .values(lease_until=at + LEASE, attempts=table.attempts + 1)
                .returning(table.attempts)
                .execution_options(synchronize_session=False)
            )
            if attempt is not None:
                claimed.append(Claim(row_id, attempt))
        return claimed


def begin(
    session: Session, table: Table, claim: Claim, *, at: datetime, message_id: str | None = None
) -> bool:
    """Say that the server is about to be spoken to; False when the row is no longer ours. Commit before calling."""
    values: dict[str, object] = {"state": "sending", "lease_until": at + LEASE}
    if message_id is not None:
        values["message_id"] = message_id
    return _finish(session, table, claim, "waiting", values)


def sent(session: Session, table: Table, claim: Claim, *, at: datetime) -> bool:
    """The server took it."""
    values = {"state": "sent", "sent_at": at, "lease_until": None, "error": None}
    return _finish(session, table, claim, "sending", values)


def failed(session: Session, table: Table, claim: Claim, reason: str, *, origin: str = "sending") -> bool:
    """It will not go out; people see the reason."""
    return _finish(session, table, claim, origin, {"state": "failed", "lease_until": None, "error": reason})


def closed(session: Session, table: Table, claim: Claim, state: str, *, reason: str | None = None) -> bool:
    """Nothing had to be sent (`empty`, `skipped`); the server was not spoken to."""
    return _finish(session, table, claim, "waiting", {"state": state, "lease_until": None, "error": reason})


def later(
    session: Session, table: Table, claim: Claim, reason: str, *, at: datetime, origin: str = "sending"
) -> str:
    """Try again after a wait that grows with the tries, or give up after the last. Returns the new state."""
    if claim.attempt > len(WAITS):
        failed(session, table, claim, f"gave up after {claim.attempt} tries: {reason}", origin=origin)
        return "failed"
    values = {
        "state": "waiting",
        "lease_until": None,
        "error": reason,
        "next_try_at": at + WAITS[claim.attempt - 1],
    }
    _finish(session, table, claim, origin, values)
    return "waiting"


def bury(session: Session, table: Table, *, at: datetime) -> list[int]:
    """Mark as failed what some worker was sending when it died; return the ids."""
    # a row that was claimed far more often than it may be tried kills whoever works on it
    deadly = and_(table.state == "waiting", table.attempts > 2 * len(WAITS))
    rows = session.scalars(
        update(table)
        .where(or_(table.state == "sending", deadly), table.lease_until < at)
        .values(state="failed", lease_until=None, error=UNKNOWN)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return list(rows)


def _finish(session: Session, table: Table, claim: Claim, origin: str, values: Mapping[str, object]) -> bool:
    done = session.scalar(
        update(table)
        .where(table.id == claim.id, table.state == origin, table.attempts == claim.attempt)
        .values(**values)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return done is not None
