"""An account's row, read for a connection and written after a good one. Nothing is asked of a platform here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from listener.channels import channel_type
from listener.channels.base import Channel, Options
from listener.db import now
from listener.ground import Ground
from listener.models import Account, Source
from listener.oauth import keeper
from listener.sources.options import SourceError, split
from listener.streams import state as streams

ADDRESSES = ("url", "_host")


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of an account before it is connected again; `given` holds its options, secrets in clear."""

    kind: str
    base_url: str
    given: Mapping[str, Any]
    known: Mapping[str, Any]


def stored(session: Session, ground: Ground, account_id: int) -> Stored:
    """Read an account, with what one of its sources listens to. Raises SourceError, VaultError."""
    row = session.get(Account, account_id)
    if row is None:
        message = f"there is no account {account_id}; `allears account list` shows them"
        raise SourceError(message)
    first = select(Source.options).where(Source.account_id == account_id).order_by(Source.id).limit(1)
    of_source = {name: value for name, value in (session.scalar(first) or {}).items() if name != "since"}
    secrets = ground.vault.unseal(row.secrets) if row.secrets else {}
    return Stored(row.kind, row.base_url, {**of_source, **row.options, **secrets}, row.limits)


def moved(kind: str, before: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Return the options that `settings` change and that say where a platform is: what is sealed would go there."""
    fields = channel_type(kind).options_type.model_fields
    return [
        name
        for name, text in settings.items()
        if name in fields
        and name.endswith(ADDRESSES)
        and str(text or "").rstrip("/") != str(before.get(name) or fields[name].default or "").rstrip("/")
    ]


def twin(
    session: Session, kind: str, base_url: str, identity: str, known: Mapping[str, Any], given: Mapping[str, Any]
) -> Account | None:  # fmt: skip
    """Return the account that is the same identity on the platform, by what the platform says, or by its options.

    Not one that is reached elsewhere than `given` says: another server may call itself anybody.
    """
    there = [
        row
        for row in session.scalars(
            select(Account).where(Account.kind == kind, Account.base_url == base_url).order_by(Account.id)
        )
        if not moved(kind, row.options, given)
    ]
    for row in there:
        if names(row.limits) & names(known):
            return row
    return next((row for row in there if row.identity == identity), None)


def names(known: Mapping[str, Any]) -> frozenset[str]:
    """Return what the platform calls an account: its id and handles, lower case."""
    return frozenset(str(name).lower() for name in (known.get("id"), *known.get("ours", ())) if name)


def write(
    session: Session,
    ground: Ground,
    row: Account,
    channel: Channel[Options],
    line: str,
    trial: keeper.Trial | None,
) -> None:
    """Store what a good `check` was made with, and set the account's sources and streams going; cursors and
    history stay.

    `trial`: the keeper it was made with; None = the row's own, whose token and refresh token stay. While the account
    has no source, what it would listen to is kept with it: the first source takes it over.
    """
    account_part, source_part, secret_part = split(channel.options)
    if trial is not None:
        secret_part |= trial.replaced
        keeper.put(row, ground.vault, trial.held)
    elif (renewal := channel.renewal()) is not None and row.secrets:
        secret_part[renewal.option] = ground.vault.unseal(row.secrets)[renewal.option]
    row.base_url, row.identity = channel.identity_of(channel.options)
    sources = select(Source.id).where(Source.account_id == row.id).limit(1)
    row.options = account_part if row.id and session.scalar(sources) else {**source_part, **account_part}
    row.secrets = ground.vault.seal(secret_part) if secret_part else None
    row.limits, row.health, row.health_note, row.checked_at = dict(channel.known), "ok", line, now()
    session.add(row)
    session.flush()
    session.execute(
        update(Source)
        .where(Source.account_id == row.id, Source.state.in_(["active", "attention"]))
        .values(state="active", errors=0, error=None, hint=None, next_poll_at=now())
    )
    for source_id in session.scalars(select(Source.id).where(Source.account_id == row.id)):
        streams.again(session, source_id, at=now())
