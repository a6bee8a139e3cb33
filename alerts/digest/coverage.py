"""Whether a digest's numbers can be believed: which sources were not heard, and when.

"The collector is dead" must never look like "it was quiet". Read from the poll ledger; nothing is judged from the
number of posts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.digest.data import Coverage, Gap
from listener.models import Poll, Source

# A source polled every five minutes that missed one poll is not blind; twelve intervals or an hour is a gap.
PATIENCE = 12
AT_LEAST = timedelta(hours=1)


def coverage(
    session: Session, brand_ids: Collection[int], since: datetime, until: datetime, *, at: datetime
) -> Coverage:
    """Return how the reader's sources were heard in [since, min(until, at)). Paused ones are not expected to speak;
    webhooks and files come by themselves and are never polled."""
    until = min(until, at)
    found = session.scalars(
        select(Source)
        .where(Source.brand_id.in_(brand_ids), Source.state != "paused", Source.kind.not_in(("webhook", "file")))
        .order_by(Source.name)
    ).all()
    there = [source for source in found if source.created_at < until]
    polls = 0
    gaps: list[Gap] = []
    for source in there:
        begin = max(since, source.created_at)
        good, truncated, count = _good(session, source.id, begin, until)
        polls += count
        limit = max(AT_LEAST, timedelta(seconds=source.every * PATIENCE))
        gaps.extend(_gaps(source.name, [begin, *good, until], limit, still=until == at))
        if truncated:
            gaps.append(Gap(source.name, None, None, truncated=True))
    return Coverage(len(there), polls, tuple(gaps), joined=len(found) - len(there))


def _good(session: Session, source_id: int, since: datetime, until: datetime) -> tuple[list[datetime], bool, int]:
    rows = session.execute(
        select(Poll.started_at, Poll.error, Poll.truncated, Poll.backfilled)
        .where(Poll.source_id == source_id, Poll.started_at >= since, Poll.started_at < until)
        .order_by(Poll.started_at)
    ).all()
    good = [started for started, error, _, _ in rows if error is None]
    lost = False  # a later walk that catches up takes back what a truncated one had missed
    for _, _, truncated, backfilled in rows:
        lost = truncated or (lost and not backfilled)
    return good, lost, len(rows)


def _gaps(name: str, heard: list[datetime], limit: timedelta, *, still: bool) -> list[Gap]:
    pairs = list(pairwise(heard))
    return [
        Gap(name, before, None if still and number == len(pairs) - 1 else after)
        for number, (before, after) in enumerate(pairs)
        if after - before > limit
    ]
