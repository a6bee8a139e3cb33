"""What people do with sources: list, pause, resume, remove, test the connection."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from listener import budget
from listener.channels import KINDS, channel_type
from listener.db import Database, now
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Account, Brand, Hit, Source
from listener.oauth.keeper import forgive
from listener.sources.open import channel_for_account, channel_of
from listener.sources.options import SourceError
from listener.streams.state import again, streaming

REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Row:
    """A source as lists show it; nothing secret. `reads_today`: paid reads booked since 00:00 UTC.

    stream: up, down or attention, None where the source has no stream; streams: whether its kind can.
    """

    id: int
    name: str
    kind: str
    brand: str
    account_id: int
    state: str
    every: int
    next_poll_at: datetime
    not_before: datetime | None
    last_ok_at: datetime | None
    errors: int
    error: str | None
    hint: str | None
    reads_today: int = 0
    reads_per_day: int | None = None
    streams: bool = False
    stream: str | None = None
    stream_since: datetime | None = None
    stream_error: str | None = None
    stream_hint: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the object that `source list --json` prints."""
        return {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in asdict(self).items()
        }


def list_(db: Database) -> list[Row]:
    """Return all sources that were not removed, by name."""
    with db.read() as session:
        found = session.execute(
            select(Source, Brand.name)
            .join(Brand, Brand.id == Source.brand_id)
            .where(Source.state != REMOVED)
            .order_by(Source.name)
        ).all()
        days = budget.budgets(session, [source for source, _ in found], at=now())
        return [
            Row(
                source.id, source.name, source.kind, brand, source.account_id, source.state, source.every,
                source.next_poll_at, source.not_before, source.last_ok_at, source.errors, source.error, source.hint,
                reads_today=days[source.id].used, reads_per_day=days[source.id].per_day,
                streams=source.kind in KINDS and channel_type(source.kind).streams,
                **streaming(session, source),
            )
            for source, brand in found
        ]  # fmt: skip


def named(session: Session, name: str) -> Source:
    """Return a source by its name. Raises SourceError that lists the known ones."""
    found = session.scalars(select(Source).where(Source.name == name, Source.state != REMOVED)).one_or_none()
    if found is None:
        names = session.scalars(
            select(Source.name).where(Source.state != REMOVED).order_by(Source.name).limit(20)
        )
        message = f"there is no source {name!r}; known: {', '.join(names) or 'none yet'}"
        raise SourceError(message)
    return found


def receives(db: Database, source_id: int) -> bool:
    """Return whether the source takes webhooks: its channel can, and a secret for the address was set."""
    with db.read() as session:
        return session.get_one(Source, source_id).hook_hash is not None


def pause(db: Database, name: str) -> None:
    """Stop polling a source until it is resumed; its cursor stays."""
    with db.work() as session:
        named(session, name).state = "paused"


def resume(db: Database, name: str, *, at: datetime | None = None) -> None:
    """Poll a source again, at once, from where it stopped; a rate limit's reset still holds."""
    with db.work() as session:
        source = named(session, name)
        source.state, source.errors = "active", 0
        source.next_poll_at = at or now()
        again(session, source.id, at=at or now())


def remove(db: Database, name: str) -> int:
    """Remove a source and return how many mentions it had heard.

    What was heard stays, and stays the brand's: a source with mentions is kept as a hidden row under another name.
    """
    with db.work() as session:
        source = named(session, name)
        heard = session.scalar(select(func.count()).select_from(Hit).where(Hit.source_id == source.id)) or 0
        if heard:
            source.state = REMOVED
            source.name = f"{source.name[:90]} (removed, {source.id})"
            source.hook_hash = None
            return heard
        account_id = source.account_id
        session.delete(source)
        session.flush()
        left = session.scalar(select(func.count()).select_from(Source).where(Source.account_id == account_id))
        if not left:
            session.execute(delete(Account).where(Account.id == account_id))
        return 0


def test(db: Database, ground: Ground, name: str) -> str:
    """Ask the platform whether the account works; return its answer in one line. Raises ChannelError.

    A source that asked for attention is set going again when the answer is good.
    """
    with db.read() as session:
        source_id = named(session, name).id
    line = try_account(db, ground, account_of(db, source_id), source_id=source_id)
    with db.work() as session:
        source = session.get_one(Source, source_id)
        if source.state == "attention":
            source.state, source.errors, source.next_poll_at = "active", 0, now()
        again(session, source_id, at=now())
    return line


def account_of(db: Database, source_id: int) -> int:
    """Return the account of a source."""
    with db.read() as session:
        return session.get_one(Source, source_id).account_id


def try_account(db: Database, ground: Ground, account_id: int, *, source_id: int | None = None) -> str:
    """Check an account with the platform and keep what it says: health, identity, limits. Raises ChannelError."""
    forgive(db, ground.vault, account_id)
    channel = channel_of(db, ground, source_id) if source_id else channel_for_account(db, ground, account_id)
    try:
        line = channel.check()
    except ChannelError as error:
        with db.work() as session:
            account = session.get_one(Account, account_id)
            account.health = "attention" if error.attention else "failing"
            account.health_note, account.checked_at = str(error), now()
        raise
    with db.work() as session:
        account = session.get_one(Account, account_id)
        account.health, account.health_note, account.checked_at = "ok", line, now()
        account.limits = dict(account.limits) | channel.known
    return line
