"""Adding a source: its account is made, or reused when it is the same identity; secrets are sealed before they touch
the database. No network: whether the platform accepts them is what `manage.test` asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from listener import brands
from listener.channels import channel_type
from listener.channels.base import Options, Secrets
from listener.db import Database
from listener.ground import Ground
from listener.models import Account, Source
from listener.oauth import keeper
from listener.sources.options import SourceError, parse_options, revalidate, split
from listener.text import clean
from listener.tokens import REFRESH_TOKEN, digest

NAME_LENGTH = 120
FASTEST = timedelta(seconds=5)


def add(  # noqa: PLR0913 - what a source consists of
    db: Database,
    ground: Ground,
    kind: str,
    *,
    name: str,
    brand: str,
    settings: Mapping[str, str],
    every: timedelta | None = None,
    since: datetime | None = None,
    account_id: int | None = None,
) -> int:
    """Add a source of a brand and return its id; its account is made, or reused when it is the same identity.

    `account_id`: of a connected account; `settings` then only say what is listened to.
    """
    name = _name(name)
    if account_id is None:
        options = parse_options(kind, settings)
    else:
        options = _on_account(db, ground, kind, account_id, settings)
    channel = channel_type(kind)(options, ground.http)
    account_part, source_part, secret_part = split(options)
    if since is not None:
        source_part["since"] = since.isoformat()
    base_url, identity = channel.identity_of(options)
    with db.work() as session:
        brand_id = brands.named(session, brand)
        _unused(session, name)
        if account_id is not None:  # its credentials may be newer by now than what was read above
            account = session.get_one(Account, account_id, with_for_update=True)
            account.options = account_part
        else:
            account = _account(session, kind, base_url, identity)
            account.options = dict(account.options or {}) | account_part
            if secret_part:
                _seal(ground, account, secret_part)
        session.flush()
        source = Source(
            account_id=account.id,
            brand_id=brand_id,
            name=name,
            kind=kind,
            options=source_part,
            every=int((every or channel.limits().poll_every).total_seconds()),
            hook_hash=hook_hash(secret) if channel.receives and (secret := channel.hook_secret()) else None,
        )
        session.add(source)
        session.flush()
        return source.id


def check_name(db: Database, name: str) -> None:
    """Raise SourceError where no source can be added under this name."""
    with db.read() as session:
        _unused(session, _name(name))


def _name(name: str) -> str:
    name = clean(name).strip()
    if not name or len(name) > NAME_LENGTH or "/" in name:
        message = f"a source's name has 1 to {NAME_LENGTH} characters and no slash"
        raise SourceError(message)
    return name


def _unused(session: Session, name: str) -> None:
    if session.scalar(select(Source.id).where(Source.name == name)) is not None:
        message = f"the source {name!r} is there already; choose another name, or remove it first"
        raise SourceError(message)


def _account(session: Session, kind: str, base_url: str, identity: str) -> Account:
    found = session.scalars(
        select(Account)
        .where(Account.kind == kind, Account.base_url == base_url, Account.identity == identity)
        .with_for_update()  # its refresh token may be replaced at this moment
    ).one_or_none()
    if found is None:
        found = Account(kind=kind, base_url=base_url, identity=identity)
        session.add(found)
    return found


def _seal(ground: Ground, account: Account, given: Secrets) -> None:
    """Put secrets on the account. A refresh token that the platform has replaced since stays."""
    before = ground.vault.unseal(account.secrets) if account.secrets else {}
    current, typed = before.get(REFRESH_TOKEN), given.get(REFRESH_TOKEN)
    if current and typed and digest(typed) in account.identity:
        given = {**given, REFRESH_TOKEN: current}
    elif current != typed:
        keeper.put(account, ground.vault, None)
    account.secrets = ground.vault.seal(given)


def _on_account(
    db: Database, ground: Ground, kind: str, account_id: int, settings: Mapping[str, str]
) -> Options:
    with db.read() as session:
        row = session.get(Account, account_id)
    if row is None or row.kind != kind:
        message = f"there is no {kind} account {account_id}; `allears account list` shows them"
        raise SourceError(message)
    secrets = ground.vault.unseal(row.secrets) if row.secrets else {}
    options = revalidate(kind, {**row.options, **secrets}, settings)
    account_part, _, secret_part = split(options)
    wrong = sorted(settings.keys() & (account_part.keys() | secret_part.keys()))
    if wrong:
        message = (
            f"{', '.join(wrong)}: belongs to the account, not to one of its sources; "
            f"`allears account connect {account_id} --set {wrong[0]}=…` changes it for all"
        )
        raise SourceError(message)
    return options


def hook_hash(secret: str) -> str:
    """Return what is stored of the secret in a webhook's address."""
    return hashlib.sha256(secret.encode()).hexdigest()
