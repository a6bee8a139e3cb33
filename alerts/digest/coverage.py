"""Whether a digest's numbers can be believed: which of the reader's sources were not heard, and when.

"The collector is dead" must never look like "it was quiet". What a gap is, is said by `listener.coverage`; here only
those a manager must know of are kept, and nothing is judged from the number of posts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.digest.data import Coverage, Gap
from listener.coverage import gaps
from listener.models import Poll, Source

# The panel shows every late poll. After a short stop the cursors resume where they were and nothing is missing, so a
# digest speaks of an hour and more.
WORTH_A_WORD = timedelta(hours=1)
PUSHED = ("webhook", "file")  # they come by themselves and are not polled


def coverage(
    session: Session, brand_ids: Collection[int], since: datetime, until: datetime, *, at: datetime
) -> Coverage:
    """Return how the sources of these brands were heard in [since, min(until, at)); paused ones need not speak."""
    end = min(until, at)
    found = session.scalars(
        select(Source)
        .where(Source.brand_id.in_(brand_ids), Source.state.not_in(("paused", "removed")))
        .where(Source.kind.not_in(PUSHED))
        .order_by(Source.name)
    ).all()
    there = [source for source in found if source.created_at < end]
    polls = 0
    missing: list[Gap] = []
    for source in there:
        seen = _polls(session, source.id, since, end)
        polls += len(seen)
        begin, every = max(since, source.created_at), timedelta(seconds=source.every)
        for start, stop, _ in gaps(seen, since=begin, at=end, every=every):
            lost = stop is None and bool(seen) and seen[-1].truncated
            if lost or (stop or end) - start >= WORTH_A_WORD:
                still = None if end == at else end
                missing.append(Gap(source.name, start, stop or still, truncated=lost))
    return Coverage(len(there), polls, tuple(missing), joined=len(found) - len(there))


def _polls(session: Session, source_id: int, since: datetime, until: datetime) -> Sequence[Poll]:
    rows = session.execute(
        select(Poll.ended_at, Poll.error, Poll.truncated)
        .where(Poll.source_id == source_id, Poll.started_at >= since, Poll.started_at < until)
        .order_by(Poll.started_at, Poll.id)
    ).all()
    return cast(
        "Sequence[Poll]", rows
    )  # the three columns that are looked at; a week has too many for whole objects
