"""The ledger line by line: for each poll of a source the window asked for, the window seen, and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from listener.models import Poll

COLUMNS = (
    "started_at", "ended_at", "asked_from", "oldest_at", "newest_at", "pages", "fetched", "new", "updated",
    "duplicates", "unmatched", "own", "late", "lag_seconds", "truncated", "backfilled", "pushed", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One poll. Asked: from `asked_from` (None before this was noted) to `started_at`; seen: from `oldest_at` to
    `newest_at` of the posts shown, None without any; late, lag_seconds: as `listener.models.Poll`."""

    started_at: datetime
    ended_at: datetime | None
    asked_from: datetime | None
    oldest_at: datetime | None
    newest_at: datetime | None
    pages: int
    fetched: int
    new: int
    updated: int
    duplicates: int
    unmatched: int
    own: int
    late: int
    lag_seconds: float | None
    truncated: bool
    backfilled: bool
    pushed: bool
    error: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the object that `coverage --polls --json` prints."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
        }


def lines(session: Session, source_id: int, *, since: datetime, limit: int = 200) -> list[Line]:
    """Return the polls of a source since then, newest first."""
    found = session.execute(
        select(*(getattr(Poll, name) for name in COLUMNS))
        .where(Poll.source_id == source_id, Poll.started_at >= since)
        .order_by(Poll.started_at.desc(), Poll.id.desc())
        .limit(limit)
    )
    return [Line(*row) for row in found]
