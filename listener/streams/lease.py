"""Who holds a stream: one process at a time, by a lease in the row. See docs/decisions/0011.

The token in the row is the proof. A holder renews its lease while the stream's thread shows signs of life; one that was
killed stops doing so, and after `LEASE` another process takes the stream over.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from listener.channels import channel_type
from listener.db import Database, upsert
from listener.models import Account, BrandQuery, Source
from listener.streams.models import ATTENTION, DOWN, Span, Stream

LEASE = timedelta(seconds=30)
LISTENING = (
    "active",
    "attention",
)  # polls that need attention do not end a stream: what still hears shall go on


class LostError(Exception):
    """Another process holds the stream now; nothing of ours may be stored any more."""


@dataclass(frozen=True, slots=True)
class Held:
    """A claim. `listens`: a digest of what the stream listens to, so that a change is noticed; `alone`: the platform
    lets the account have only one stream at a time."""

    source_id: int
    account_id: int
    listens: str
    alone: bool
    token: str = ""


def wanted(session: Session) -> dict[int, Held]:
    """Return the sources that shall have a stream, by id, without a token: those with the option `stream` on."""
    found = session.execute(
        select(
            Source.id,
            Source.kind,
            Source.account_id,
            Source.brand_id,
            Source.options,
            Account.options.label("account"),
        )
        .join(Account, Account.id == Source.account_id)
        .where(Source.state.in_(LISTENING))
        .order_by(Source.id)
    )
    rows = [row for row in found if row.options.get("stream")]
    if not rows:
        return {}
    queries: dict[int, list[str]] = {}
    for brand_id, text in session.execute(
        select(BrandQuery.brand_id, BrandQuery.text).where(BrandQuery.active).order_by(BrandQuery.id)
    ):
        queries.setdefault(brand_id, []).append(text)
    made = {}
    for row in rows:
        listens = _digest([row.options, row.account, queries.get(row.brand_id, [])])
        made[row.id] = Held(row.id, row.account_id, listens, channel_type(row.kind).one_stream)
    return made


def claim(
    db: Database, candidates: Mapping[int, Held], *, at: datetime, room: int, but: Collection[int] = ()
) -> list[Held]:
    """Claim streams that nobody holds and whose time has come, at most `room`. Writes only when there are any.

    candidates: as `wanted` gives them; `but`: those of them that still run here.
    """
    with db.read() as session:
        rows = {row.source_id: row for row in session.scalars(select(Stream))}
    live = {number for number, row in rows.items() if row.lease_until is not None and row.lease_until >= at}
    busy = {one.account_id for number, one in candidates.items() if number in live or number in but}
    free = []
    for number, one in candidates.items():
        row = rows.get(number)
        if number in live or number in but or (one.alone and one.account_id in busy):
            continue
        if row is None or (row.state != ATTENTION and row.next_at <= at):
            free.append(one)
            busy.add(one.account_id)
    if not free or room <= 0:
        return []
    return _take(db, free[:room], at)


def _take(db: Database, free: list[Held], at: datetime) -> list[Held]:
    taken = []
    with db.work() as session:
        fresh = [
            {"source_id": one.source_id, "state": DOWN, "since": at, "next_at": at, "errors": 0}
            for one in free
        ]
        session.execute(upsert(session, Stream.__table__).on_conflict_do_nothing(), fresh)
        by_id = {one.source_id: one for one in free}
        rows = session.scalars(
            select(Stream)
            .where(
                Stream.source_id.in_(by_id),
                Stream.state != ATTENTION,
                Stream.next_at <= at,
                or_(Stream.lease_until.is_(None), Stream.lease_until < at),
            )
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            if row.holder is not None and row.lease_until is not None:
                _bury(session, row, row.lease_until - LEASE)
            row.holder, row.lease_until = secrets.token_hex(16), at + LEASE
            taken.append(replace(by_id[row.source_id], token=row.holder))
    return taken


def _bury(session: Session, row: Stream, seen_at: datetime) -> None:
    """Close the span of a holder that died: it was last seen when it renewed its lease."""
    why = "the process that held the stream ended without a word"
    session.execute(
        update(Span)
        .where(Span.source_id == row.source_id, Span.ended_at.is_(None))
        .values(ended_at=seen_at, error=why)
    )
    row.state, row.since, row.error, row.hint = DOWN, seen_at, why, None


def renew(db: Database, held: list[Held], *, at: datetime) -> list[Held]:
    """Prolong leases; return those that were lost to another process."""
    if not held:
        return []
    lost = []
    with db.work() as session:
        for one in sorted(held, key=lambda one: one.source_id):
            renewed = session.execute(
                update(Stream)
                .where(Stream.source_id == one.source_id, Stream.holder == one.token)
                .values(lease_until=at + LEASE)
                .returning(Stream.source_id)
                .execution_options(synchronize_session=False)
            )
            if renewed.scalar_one_or_none() is None:
                lost.append(one)
    return lost


def mine(session: Session, held: Held) -> Stream:
    """Return the row of a stream that is held, locked; part of the transaction that stores. Raises LostError."""
    row = session.scalars(
        select(Stream)
        .where(Stream.source_id == held.source_id, Stream.holder == held.token)
        .with_for_update()
    ).one_or_none()
    if row is None:
        message = f"the stream of source {held.source_id} is held by another process"
        raise LostError(message)
    return row


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]
