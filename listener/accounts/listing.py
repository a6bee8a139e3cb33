"""Accounts as lists show them, secrets masked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select

from listener.db import Database
from listener.errors import ListenerError
from listener.ground import Ground
from listener.models import Account, Source
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


def list_(db: Database, ground: Ground, *, brand_ids: Collection[int] | None = None) -> list[AccountRow]:
    """Return all accounts, by id; with `brand_ids`, only sources of these brands are named."""
    named = select(Source.account_id, Source.name).where(Source.state != "removed").order_by(Source.name)
    if brand_ids is not None:
        named = named.where(Source.brand_id.in_(brand_ids))
    with db.read() as session:
        names: dict[int, list[str]] = {}
        for source in session.execute(named):
            names.setdefault(source.account_id, []).append(source.name)
        return [
            AccountRow(
                row.id, row.kind, row.base_url, row.handle, row.health, row.health_note, row.options,
                _masked(ground, row), names.get(row.id, []),
            )
            for row in session.scalars(select(Account).order_by(Account.id))
        ]  # fmt: skip


def _masked(ground: Ground, row: Account) -> dict[str, str]:
    if not row.secrets:
        return {}
    try:
        return {name: mask(value) for name, value in ground.vault.unseal(row.secrets).items()}
    except ListenerError as error:
        return {"": f"cannot be opened: {error}"}
