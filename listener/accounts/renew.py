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


def renew_due(db: Database, ground: Ground, *, at: datetime | None = None) -> int:
    """Renew the tokens whose time has come, one after the other; return how many. Failures are on the rows."""
    at = at or now()
    with db.read() as session:
        ids = keeper.due(session, at)
    done = 0
    for account_id in ids:
        try:
            channel = channel_for_account(db, ground, account_id)
            renewal = channel.renewal()
            if renewal is None:
                _plan(db, account_id, None)
                continue
            channel.keeper.token(renewal)
            done += 1
        except ChannelError as error:
            logger.warning("account.not_renewed", account_id=account_id, attention=error.attention)
        except ListenerError as error:
            logger.warning("account.not_opened", account_id=account_id, error=type(error).__name__)
            _plan(db, account_id, at + LATER)
    return done


def _plan(db: Database, account_id: int, at: datetime | None) -> None:
    with db.work() as session:
        row = session.get(Account, account_id, with_for_update=True)
        if row is not None:
            row.renew_at = at
