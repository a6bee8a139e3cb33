"""Sources and the accounts under them: added, opened as a channel, listed, paused, removed, tested."""

from __future__ import annotations

from listener.sources.add import add, check_name, hook_hash
from listener.sources.change import change
from listener.sources.manage import (
    Row,
    account_of,
    list_,
    named,
    pause,
    receives,
    remove,
    resume,
    test,
    try_account,
)
from listener.sources.open import channel_for_account, channel_of, identities
from listener.sources.options import SourceError, parse_options, split

__all__ = [
    "Row", "SourceError", "account_of", "add", "change", "channel_for_account", "channel_of", "check_name",
    "hook_hash", "identities", "list_", "named", "parse_options", "pause", "receives", "remove", "resume", "split",
    "test", "try_account",
]  # fmt: skip
