"""The one way to move a mention from stage to stage: claim with a lease, move, give back, or mark as stuck.

A claim commits at once, so the slow work happens outside any transaction. A worker that dies keeps its lease until it
expires; then the row is claimed again. Past `MAX_ATTEMPTS` a row is `stuck` and shown in the panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, text, update
from sqlalchemy.orm import Session

from listener.db import Database, now
from listener.models import Mention

COLLECTED, SCORED, TRIAGED, STUCK = "collected", "scored", "triaged", "stuck"
MAX_ATTEMPTS = 5
# Written as the partial index has it: with a bound value alone SQLite cannot prove that the index holds the row, and
# every claim would read the whole table while it holds the write lock.
WAITING = text("mention.stage IN ('collected', 'scored')")


def _due(stage: str, at: datetime) -> Select[int]:
    return select(Mention.id).where(
        WAITING, Mention.stage == stage, or_(Mention.lease_until.is_(None), Mention.lease_until < at)
    )


def claim(
    db: Database,
    stage: str,
    *,
    limit: int = 64,
    lease: timedelta = timedelta(minutes=2),
    at: datetime | None = None,
) -> list[int]:
    """Return the ids of at most `limit` mentions waiting in `stage`, oldest first, leased to the caller.

    On PostgreSQL the rows are locked in a materialized CTE: a plain `IN (… LIMIT … FOR UPDATE SKIP LOCKED)` may be
    evaluated once per outer row and claim far more than `limit`. SQLite has one writer and needs no row locks.
    """
    at = at or now()
    with db.work() as session:
        exhausted = _due(stage, at).where(Mention.attempts >= MAX_ATTEMPTS)
        session.execute(
            update(Mention)
            .where(Mention.id.in_(exhausted.limit(limit)))
            .values(
                stage=STUCK, lease_until=None, stuck_reason=f"gave up after {MAX_ATTEMPTS} tries in {stage}"
            )
            .execution_options(synchronize_session=False)
        )
        waiting = _due(stage, at).order_by(Mention.id).limit(limit).with_for_update(skip_locked=True)
        due = waiting.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
        claimed = session.execute(
            update(Mention)
            .where(Mention.id == due.c.id)
            .values(lease_until=at + lease, attempts=Mention.attempts + 1)
            .returning(Mention.id)
            .execution_options(synchronize_session=False)
        )
        return sorted(claimed.scalars())


def move(session: Session, ids: Sequence[int], *, origin: str, to: str) -> None:
    """Move mentions that are still in `origin` to stage `to` and free them; part of the caller's transaction.

    A mention that was edited meanwhile is back in `collected` and is left there.
    """
    if not ids:
        return
    session.execute(
        update(Mention)
        .where(Mention.id.in_(ids), Mention.stage == origin)
        .values(stage=to, lease_until=None, attempts=0, stuck_reason=None)
        .execution_options(synchronize_session=False)
    )


def again(session: Session, ids: Sequence[int]) -> None:
    """Let triaged mentions be triaged again by the score they have: what they say is the same, what it means is not."""
    if ids:
        session.execute(
            update(Mention)
            .where(Mention.id.in_(ids), Mention.stage == TRIAGED)
            .values(stage=SCORED, attempts=0, lease_until=None)
            .execution_options(synchronize_session=False)
        )


def give_back(db: Database, ids: Sequence[int]) -> None:
    """Free claimed mentions without progress, as at a clean stop; the try does not count."""
    if not ids:
        return
    with db.work() as session:
        session.execute(
            update(Mention)
            .where(Mention.id.in_(ids), Mention.lease_until.is_not(None))
            .values(lease_until=None, attempts=Mention.attempts - 1)
            .execution_options(synchronize_session=False)
        )


def stuck(session: Session, mention_id: int, reason: str) -> None:
    """Take one mention out of the walk until a person looks at it."""
    session.execute(
        update(Mention)
        .where(Mention.id == mention_id)
        .values(stage=STUCK, lease_until=None, stuck_reason=reason)
        .execution_options(synchronize_session=False)
    )


def release(session: Session) -> int:
    """Put every stuck mention back at the start of the walk; return how many."""
    result = session.execute(
        update(Mention)
        .where(Mention.stage == STUCK)
        .values(stage=COLLECTED, attempts=0, stuck_reason=None)
        .returning(Mention.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.scalars().all())
