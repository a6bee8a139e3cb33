"""Opening a channel for a unit of work: the stored options and the unsealed secrets of one account.

Cheap and without network; a channel is made anew each time, so a rotated token or a changed option counts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from listener.channels import channel_type
from listener.channels.base import Channel, Secrets
from listener.db import Database
from listener.ground import Ground
from listener.models import Account, Source
from listener.oauth.keeper import AccountKeeper
from listener.sources.options import SourceError


def channel_of(db: Database, ground: Ground, source_id: int) -> Channel[Any]:
    """Open the channel of a source. Raises SourceError when its options no longer fit, VaultError for its secrets."""
    with db.read() as session:
        source = session.get(Source, source_id)
        if source is None:
            message = f"there is no source {source_id}"
            raise SourceError(message)
        account = session.get_one(Account, source.account_id)
        return _open(db, ground, account, {k: v for k, v in source.options.items() if k != "since"})


def channel_for_account(db: Database, ground: Ground, account_id: int) -> Channel[Any]:
    """Open the channel of an account, as a reply needs it: with the options of one of its sources where required."""
    with db.read() as session:
        account = session.get(Account, account_id)
        if account is None:
            message = f"there is no account {account_id}"
            raise SourceError(message)
        options = session.scalar(
            select(Source.options).where(Source.account_id == account_id).order_by(Source.id).limit(1)
        )
        return _open(db, ground, account, {k: v for k, v in (options or {}).items() if k != "since"})


def identities(session: Session, kind: str) -> frozenset[str]:
    """Return the handles and ids of all our accounts of a kind, lower case: their posts are ours."""
    found: set[str] = set()
    for known in session.scalars(select(Account.limits).where(Account.kind == kind)):
        found |= {str(value).lower() for value in known.get("ours", ()) if value}
    return frozenset(found)


def _open(db: Database, ground: Ground, account: Account, source_options: Mapping[str, Any]) -> Channel[Any]:
    kind = channel_type(account.kind)
    opened = ground.vault.unseal(account.secrets) if account.secrets else {}
    try:
        options = kind.options_type.model_validate({**account.options, **source_options, **opened})
    except ValidationError as error:
        fields = ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors())
        message = f"the stored options of the {account.kind} account {account.id} no longer fit: {fields}"
        raise SourceError(message) from None
    account_id = account.id

    def save(fresh: Secrets) -> None:
        """Store rotated secrets at once: the old ones may already be dead."""
        with db.work() as session:
            row = session.get_one(Account, account_id, with_for_update=True)
            before = ground.vault.unseal(row.secrets) if row.secrets else {}
            row.secrets = ground.vault.seal({**before, **fresh})

    channel = kind(options, ground.http, save)
    channel.keeper = AccountKeeper(db, ground.vault, account_id)
    channel.known = dict(account.limits)
    return channel
