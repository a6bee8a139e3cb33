"""Changing what a source listens to: its options, never those of its account. Cursor and history stay.

No network. A poll under way ends with the options it began with; a stream is connected anew within seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from listener import budget
from listener.budget import Budget
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Account
from listener.sources.manage import named
from listener.sources.options import SourceError, revalidate, split
from listener.streams.state import again

JITTER = timedelta(seconds=10)  # more than what is added to a wait


def change(db: Database, ground: Ground, name: str, settings: Mapping[str, str]) -> None:
    """Set options of a source (`key=value`). Raises SourceError that names a key that is unknown or the account's."""
    if not settings:
        raise SourceError("nothing to change: give at least one key=value")
    with db.work() as session:
        source = named(session, name)
        account = session.get_one(Account, source.account_id)
        opened = ground.vault.unseal(account.secrets) if account.secrets else {}
        since = {key: value for key, value in source.options.items() if key == "since"}
        before = {key: value for key, value in source.options.items() if key not in since}
        options = revalidate(source.kind, {**account.options, **before, **opened}, settings)
        for key in settings:
            extra = type(options).model_fields[key].json_schema_extra
            if not (isinstance(extra, dict) and extra.get("of") == "source"):
                message = (
                    f"{key!r} belongs to the account, which other sources may share: "
                    f"`allears account connect {source.kind}` changes it"
                )
                raise SourceError(message)
        at = now()
        day = budget.of(session, source, at=at)
        source.options = split(options)[1] | since
        if _raised(day, budget.of(session, source, at=at), source.not_before):
            source.not_before, source.next_poll_at = None, at
        again(session, source.id, at=at)  # it may have waited for just this


def _raised(before: Budget, after: Budget, not_before: datetime | None) -> bool:
    """Say whether a source that waits for the new day has more reads on this one."""
    if (
        before.per_day is None
        or not_before is None
        or not before.resets_at <= not_before < before.resets_at + JITTER
    ):
        return False
    return after.per_day is None or after.per_day > before.per_day
