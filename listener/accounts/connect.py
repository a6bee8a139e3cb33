"""New credentials or options for an account, as somebody typed them in; trying what is there; forgetting it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from listener.accounts.rows import Stored, names, stored, write
from listener.channels import channel_type
from listener.channels.base import Channel, Options
from listener.db import Database
from listener.ground import Ground
from listener.models import Account, Source
from listener.oauth.keeper import AccountKeeper, Trial, forgive
from listener.oauth.platform import ConnectError
from listener.sources import try_account
from listener.sources.options import SourceError, revalidate


def connect(db: Database, ground: Ground, account_id: int, settings: Mapping[str, str]) -> str:
    """Change options or credentials, try them, and set waiting sources going. Returns the platform's word.

    Raises SourceError for options that do not fit, ConnectError for those of somebody else, ChannelError when the
    platform refuses them: then nothing changed.
    """
    with db.read() as session:
        before = stored(session, ground, account_id)
    options = revalidate(before.kind, before.given, settings)
    channel = channel_type(before.kind)(options, ground.http)
    renewal = channel.renewal()
    trial: Trial | None = Trial()
    if renewal is not None and before.given.get(renewal.option) == renewal.spent:
        trial = None  # a refresh token may work only once: the row's keeper spends it, nobody else
        forgive(db, ground.vault, account_id)
    channel.keeper = trial or AccountKeeper(db, ground.vault, account_id)
    line = channel.check()
    same_identity(account_id, before, channel)
    with db.work() as session:
        row = session.get_one(Account, account_id, with_for_update=True)
        write(session, ground, row, channel, line, trial)
    return line


def same_identity(account_id: int, before: Stored, channel: Channel[Options]) -> None:
    """Raise ConnectError where the platform says that this is somebody else than before."""
    old, new = names(before.known), names(channel.known)
    if not old or not new or old & new:
        return
    raise ConnectError(
        "the log-in is of %(new)s, but account %(id)s is %(old)s. Nothing was changed. Log out on %(platform)s, log in "
        "as the right one and connect again, or connect the other one as a new account",
        new=channel.known.get("handle") or min(new),
        id=account_id,
        old=before.known.get("handle") or min(old),
        platform=channel.title,
    )


def test(db: Database, ground: Ground, account_id: int) -> str:
    """Ask the platform whether the account works. Raises SourceError, ChannelError."""
    return try_account(db, ground, account_id)


def remove(db: Database, account_id: int) -> None:
    """Forget an account that nothing listens with. Raises SourceError while a source, even a removed one, needs it."""
    with db.work() as session:
        if session.get(Account, account_id) is None:
            message = f"there is no account {account_id}; `allears account list` shows them"
            raise SourceError(message)
        if session.scalar(select(Source.id).where(Source.account_id == account_id).limit(1)) is not None:
            message = (
                f"account {account_id} has sources, or what they heard: `allears source remove` comes first"
            )
            raise SourceError(message)
        session.execute(delete(Account).where(Account.id == account_id))
