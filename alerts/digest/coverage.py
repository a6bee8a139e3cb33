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
from listener.coverage import SLACK, Cause, gaps
from listener.models import Poll, Source
from listener.streams.state import uptimes

WORTH_A_WORD = timedelta(minutes=15)  # the panel shows every late poll; a manager need not know of each
PUSHED = ("webhook", "file")  # they come by themselves and are not polled


def coverage(
    session: Session, brand_ids: Collection[int], since: datetime, until: datetime, *, at: datetime
) -> Coverage:
    """Return how the sources of these brands were heard in [since, min(until, at)); paused ones need not speak.

    A gap that began in the period is followed until it was healed, at most until `at`.
    """
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
        seen = _polls(
            session, source.id, since, at
        )  # until now: what began in the period may be healed by today
        polls += sum(poll.started_at < end for poll in seen)
        begin, every = max(since, source.created_at), timedelta(seconds=source.every)
        streamed = uptimes(session, source, since=begin, at=at)
        for gap in gaps(seen, since=begin, at=at, every=every, streamed=streamed):
            lost = gap.until is None and gap.cause is Cause.TRUNCATED
            inside = (
                min(gap.until or at, end) - gap.since > 2 * every + SLACK
            )  # the last poll of a day ends before it
            if inside and (lost or gap.length(at) >= WORTH_A_WORD):
                missing.append(Gap(source.name, source.kind, gap.since, gap.until, truncated=lost))
    return Coverage(len(there), polls, tuple(missing), joined=len(found) - len(there))


def _polls(session: Session, source_id: int, since: datetime, until: datetime) -> Sequence[Poll]:
    rows = session.execute(
        select(Poll.started_at, Poll.ended_at, Poll.error, Poll.truncated)
        .where(
            Poll.source_id == source_id, Poll.started_at >= since, Poll.started_at < until, Poll.pushed.is_(False)
        )
        .order_by(Poll.started_at, Poll.id)
    ).all()  # fmt: skip
    return cast(
        "Sequence[Poll]", rows
    )  # the columns that are looked at; a week has too many for whole objects
