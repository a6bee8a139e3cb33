"""What is due for another look, and whose turn it is. Rows only, no network.

A source may look when it is healthy (its polls succeed), not held back by the platform, and nobody else looks: its
`recheck_after` is claim, pause and back-off in one. Mentions are claimed by moving `recheck_at`, so a worker that dies
costs one lease. `pressing` is the query of the ids of mentions that cannot wait; they come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from listener.channels import channel_type
from listener.db import Database
from listener.models import Hit, Mention, Source
from listener.recheck import periods

LEASE = timedelta(minutes=5)  # longer than a run
PAUSE = timedelta(minutes=2)  # between two runs of a source: polls share the platform's limits
FORGOTTEN = timedelta(days=8)  # nobody could look for longer than a post stays interesting
AT_ONCE = 1000  # rows of one statement
Pressing = Select[int]


@dataclass(frozen=True, slots=True)
class Due:
    """One mention whose turn it is. `due_at`: since when. `billed`: looking costs a read (the first of the day)."""

    mention_id: int
    due_at: datetime
    billed: bool


def plan(db: Database, pressing: Pressing, *, at: datetime) -> int:
    """Bring forward what has become pressing, let go what nobody could look at; return how many rows changed."""
    soon = at + periods.PRESSING
    late = (
        Mention.id.in_(pressing),
        or_(Mention.recheck_at.is_(None), Mention.recheck_at > soon),
        Mention.gone_at.is_(None),
        Mention.channel.in_(periods.refreshing()),
        Mention.external_id.not_like(f"{periods.HASHED}%"),
    )
    forgotten = (Mention.recheck_at < at - FORGOTTEN,)
    changed = 0
    for which, value in ((late, soon), (forgotten, None)):
        with db.read() as session:  # mostly there is nothing, and looking must not take the turn to write
            ids = list(session.scalars(select(Mention.id).where(*which).limit(AT_ONCE)))
        if ids:
            with db.work() as session:
                move(session, ids, value)
            changed += len(ids)
    return changed


def due(db: Database, *, at: datetime) -> list[int]:
    """Claim the sources that have something to look at, one an account; return their ids."""
    waits = (
        select(Source.id, Source.account_id, Source.recheck_after)
        .join(Hit, Hit.source_id == Source.id)
        .join(Mention, Mention.id == Hit.mention_id)
        .where(Mention.recheck_at <= at, Mention.channel == Source.kind, *_ready(at))
        .distinct()
    )
    looking = select(Source.account_id).where(Source.recheck_after > at)
    with db.read() as session:
        rows = session.execute(waits.where(Source.account_id.not_in(looking))).all()
    longest_ago = sorted(rows, key=lambda row: (row.recheck_after is not None, row.recheck_after, row.id))
    wanted = list({row.account_id: row.id for row in reversed(longest_ago)}.values())
    if not wanted:
        return []
    with db.work() as session:
        claimed = session.execute(
            update(Source)
            .where(Source.id.in_(wanted), *_ready(at))
            .values(recheck_after=at + LEASE)
            .returning(Source.id)
            .execution_options(synchronize_session=False)
        )
        return sorted(claimed.scalars())


def take(
    session: Session, source: Source, pressing: Pressing, *, reads: int | None, at: datetime
) -> list[Due]:
    """Claim what a source looks at in this run: what is pressing, then what has waited longest.

    reads: how many may cost one; None = all. What was read today already costs nothing again.
    """
    limit = channel_type(source.kind).refreshes
    waits = (
        select(Mention.id, Mention.recheck_at, Mention.checked_at, Mention.collected_at)
        .join(Hit, Hit.mention_id == Mention.id)
        .where(Hit.source_id == source.id, Mention.channel == source.kind)
        .where(Mention.recheck_at <= at, Mention.gone_at.is_(None))
        .order_by(Mention.recheck_at, Mention.id)
    )
    first = session.execute(waits.where(Mention.id.in_(pressing)).limit(limit)).all()
    seen = [row.id for row in first]
    rest = session.execute(waits.where(Mention.id.not_in(seen)).limit(limit - len(first))).all()
    chosen: list[Due] = []
    left = reads
    for row in [*first, *rest]:
        paid = billed(row.checked_at, row.collected_at, at=at)
        if paid and left is not None:
            if left <= 0:
                continue
            left -= 1
        chosen.append(Due(row.id, row.recheck_at, paid))
    move(session, [one.mention_id for one in chosen], at + LEASE)
    return chosen


def billed(checked_at: datetime | None, collected_at: datetime, *, at: datetime) -> bool:
    """Say whether reading a post costs a read where reads are paid for: the first of the day (UTC) does."""
    last = max(checked_at or collected_at, collected_at)
    return last.astimezone(UTC).date() < at.astimezone(UTC).date()


def give_back(session: Session, left: Sequence[Due]) -> None:
    """Put mentions that were claimed and not looked at back to when they were due."""
    for instant in {one.due_at for one in left}:
        move(session, [one.mention_id for one in left if one.due_at == instant], instant)


def looked(session: Session, ids: Sequence[int], pressing: Pressing, *, at: datetime) -> None:
    """Note that mentions were looked at, and plan the next time."""
    hurried = set(session.scalars(select(Mention.id).where(Mention.id.in_(ids), Mention.id.in_(pressing))))
    rows = session.execute(
        select(Mention.id, Mention.posted_at, Mention.collected_at, Mention.edited_at).where(
            Mention.id.in_(ids), Mention.gone_at.is_(None)
        )
    )
    nexts: dict[datetime | None, list[int]] = {}
    for row in rows:
        instant = periods.following(
            at, posted_at=row.posted_at, collected_at=row.collected_at, edited_at=row.edited_at,
            pressing=row.id in hurried,
        )  # fmt: skip
        nexts.setdefault(instant, []).append(row.id)
    for instant, some in nexts.items():
        move(session, some, instant, checked_at=at)


def move(session: Session, ids: Sequence[int], to: datetime | None, **more: datetime) -> None:
    """Set when mentions are looked at next."""
    if ids:
        session.execute(
            update(Mention)
            .where(Mention.id.in_(ids))
            .values(recheck_at=to, **more)
            .execution_options(synchronize_session=False)
        )


def _ready(at: datetime) -> Sequence[ColumnElement[bool]]:
    return (
        Source.state == "active",
        Source.failing_since.is_(None),
        Source.kind.in_(periods.refreshing()),
        or_(Source.not_before.is_(None), Source.not_before <= at),
        or_(Source.recheck_after.is_(None), Source.recheck_after <= at),
    )
