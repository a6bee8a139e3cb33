"""Which sources are blind at this moment: one cheap look at their rows, for the top of every page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from listener.coverage.gaps import SLACK
from listener.models import Source
from listener.streams.state import up_since

LEAST = timedelta(minutes=5)  # a source polled every few seconds is not blind when one run takes a minute


@dataclass(frozen=True, slots=True)
class Blind:
    """A source that is to be polled and whose last complete poll is too long ago; error and hint as on its row."""

    name: str
    kind: str
    since: datetime
    error: str | None
    hint: str | None


def blind_now(session: Session, brand_ids: Collection[int] | None, *, at: datetime) -> list[Blind]:
    """Return the blind active sources of these brands (None = all), longest blind first.

    Paused sources are quiet on purpose; those that need attention are told by their state.
    """
    seen = func.coalesce(Source.complete_at, Source.last_ok_at, Source.created_at)
    query = select(
        Source.id, Source.name, Source.kind, Source.every, Source.error, Source.hint, seen.label("seen")
    )
    query = query.where(Source.state == "active", seen < at - LEAST).order_by(seen, Source.name)
    if brand_ids is not None:
        query = query.where(Source.brand_id.in_(brand_ids))
    silent = {row.id: row for row in session.execute(query) if at - row.seen > _allowed(row.every)}
    heard = up_since(session, silent, at=at) if silent else {}
    return [
        Blind(row.name, row.kind, row.seen, row.error, row.hint)
        for number, row in silent.items()
        # a stream that came up soon after the last poll has heard everything since
        if number not in heard or heard[number] - row.seen > _allowed(row.every)
    ]


def _allowed(every: int) -> timedelta:
    return max(LEAST, 2 * timedelta(seconds=every) + SLACK)
