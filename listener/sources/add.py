"""Adding a source: its account is made, or reused when it is the same identity; secrets are sealed before they touch
the database. No network: whether the platform accepts them is what `manage.test` asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from listener import brands
from listener.channels import channel_type
from listener.db import Database
from listener.ground import Ground
from listener.models import Account, Source
from listener.sources.options import SourceError, parse_options, split
from listener.text import clean

NAME_LENGTH = 120
FASTEST = timedelta(seconds=5)


def add(
    db: Database,
    ground: Ground,
    kind: str,
    *,
    name: str,
    brand: str,
    settings: Mapping[str, str],
    every: timedelta | None = None,
    since: datetime | None = None,
) -> int:
    """Add a source of a brand and return its id; its account is made, or reused when it is the same identity."""
    name = clean(name).strip()
    if not name or len(name) > NAME_LENGTH or "/" in name:
        message = f"a source's name has 1 to {NAME_LENGTH} characters and no slash"
        raise SourceError(message)
    options = parse_options(kind, settings)
    channel = channel_type(kind)(options, ground.http)
    account_part, source_part, secret_part = split(options)
    if since is not None:
        source_part["since"] = since.isoformat()
    base_url, identity = channel.identity_of(options)
    with db.work() as session:
        brand_id = brands.named(session, brand)
        if session.scalar(select(Source.id).where(Source.name == name)) is not None:
            message = f"the source {name!r} is there already; choose another name, or remove it first"
            raise SourceError(message)
        account = session.scalars(
            select(Account).where(
                Account.kind == kind, Account.base_url == base_url, Account.identity == identity
            )
        ).one_or_none()
        if account is None:
            account = Account(kind=kind, base_url=base_url, identity=identity)
            session.add(account)
        account.options = dict(account.options or {}) | account_part
        if secret_part:
            account.secrets = ground.vault.seal(secret_part)
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


def hook_hash(secret: str) -> str:
    """Return what is stored of the secret in a webhook's address."""
    return hashlib.sha256(secret.encode()).hexdigest()
