"""Accounts: listed with masked secrets, given new credentials, tested. Made by `listener.sources.add`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select, update

from listener.channels import channel_type
from listener.db import Database, now
from listener.errors import ListenerError
from listener.ground import Ground
from listener.models import Account, Source
from listener.sources import SourceError, try_account
from listener.sources.options import revalidate, split
from listener.vault import mask


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as lists show it; `secrets` are masked."""

    id: int
    kind: str
    base_url: str
    handle: str | None
    health: str
    health_note: str | None
    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    sources: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the object that `account list --json` prints."""
        return asdict(self)


def list_(db: Database, ground: Ground) -> list[AccountRow]:
    """Return all accounts, by id."""
    with db.read() as session:
        names: dict[int, list[str]] = {}
        for source in session.execute(
            select(Source.account_id, Source.name).where(Source.state != "removed").order_by(Source.name)
        ):
            names.setdefault(source.account_id, []).append(source.name)
        return [
            AccountRow(
                row.id, row.kind, row.base_url, row.handle, row.health, row.health_note, row.options,
                _masked(ground, row), names.get(row.id, []),
            )
            for row in session.scalars(select(Account).order_by(Account.id))
        ]  # fmt: skip


def connect(db: Database, ground: Ground, account_id: int, settings: Mapping[str, str]) -> str:
    """Change options or credentials, try them, and set waiting sources going. Returns the platform's word.

    Raises SourceError for options that do not fit; ChannelError when the platform refuses them: then nothing changed.
    """
    with db.read() as session:
        row = session.get(Account, account_id)
        if row is None:
            message = f"there is no account {account_id}; `allears account list` shows them"
            raise SourceError(message)
        kind = row.kind
        before = {**row.options, **(ground.vault.unseal(row.secrets) if row.secrets else {})}
        of_source = (
            session.scalar(select(Source.options).where(Source.account_id == account_id).limit(1)) or {}
        )
    options = revalidate(kind, {**before, **{k: v for k, v in of_source.items() if k != "since"}}, settings)
    channel = channel_type(kind)(options, ground.http)
    line = channel.check()
    account_part, _, secret_part = split(options)
    base_url, identity = channel.identity_of(options)
    with db.work() as session:
        row = session.get_one(Account, account_id, with_for_update=True)
        row.options, row.base_url, row.identity = account_part, base_url, identity
        row.secrets = ground.vault.seal(secret_part) if secret_part else None
        row.limits, row.health, row.health_note, row.checked_at = dict(channel.known), "ok", line, now()
        session.execute(
            update(Source)
            .where(Source.account_id == account_id, Source.state.in_(["active", "attention"]))
            .values(state="active", errors=0, error=None, hint=None, next_poll_at=now())
        )
    return line


def test(db: Database, ground: Ground, account_id: int) -> str:
    """Ask the platform whether the account works. Raises SourceError, ChannelError."""
    return try_account(db, ground, account_id)


def _masked(ground: Ground, row: Account) -> dict[str, str]:
    if not row.secrets:
        return {}
    try:
        return {name: mask(value) for name, value in ground.vault.unseal(row.secrets).items()}
    except ListenerError as error:
        return {"": f"cannot be opened: {error}"}
