"""Accounts: listed, connected by log-in or with credentials, renewed, tested. One row per identity on a platform."""

from __future__ import annotations

from listener.accounts.connect import connect, remove, test
from listener.accounts.listing import AccountRow, list_
from listener.accounts.login import Done, Pending, begin, finish, kind_of
from listener.accounts.renew import due, renew
from listener.accounts.rows import moved
from listener.oauth.platform import ConnectError

__all__ = [
    "AccountRow", "ConnectError", "Done", "Pending", "begin", "connect", "due", "finish", "kind_of", "list_", "moved",
    "remove", "renew", "test",
]  # fmt: skip
