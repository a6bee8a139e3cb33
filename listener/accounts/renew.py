"""Renewing access tokens ahead of need, also of accounts that nobody polls: some end for good when they end."""

from __future__ import annotations

from datetime import datetime, timedelta

from listener import log
from listener.db import Database, now
from listener.errors import ChannelError, ListenerError
from listener.ground import Ground
from listener.models import Account
from listener.oauth import keeper
from listener.sources import channel_for_account

LATER = timedelta(hours=1)  # where an account cannot be opened at all
logger = log.get(__name__)


def due(db: Database, *, at: datetime | None = None) -> list[int]:
    """Return the accounts whose token is to be renewed by now."""
    with db.read() as session:
        return keeper.due(session, at or now())


def renew(db: Database, ground: Ground, account_id: int, *, at: datetime | None = None) -> bool:
    """Renew the token of an account, if it is due and nobody else does; return whether it is good for a while.

    What goes wrong is noted on the row: a person is asked for where the platform wants one.
    """
    try:
        channel = channel_for_account(db, ground, account_id)
        renewal = channel.renewal()
        if renewal is None:
            _plan(db, account_id, None)
        else:
            channel.keeper.token(renewal)
    except ChannelError as error:
        logger.warning("account.not_renewed", account_id=account_id, attention=error.attention)
        return False
    except ListenerError as error:
        logger.warning("account.not_opened", account_id=account_id, error=type(error).__name__)
        _plan(db, account_id, (at or now()) + LATER)
        return False
    return True


def _plan(db: Database, account_id: int, at: datetime | None) -> None:
    with db.work() as session:
        row = session.get(Account, account_id, with_for_update=True)
        if row is not None:
            row.renew_at = at
