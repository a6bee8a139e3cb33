"""Counts what was heard in a span: mentions by day, brand and channel, with the newest score of each.

A mention counts on the day it was posted, at the latest when it was collected (a post dated 2099 counts today).
What the platform has deleted meanwhile does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from alerts.digest.data import Counts
from listener.models import Hit, Mention
from sentiment.models import Score

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Heard:
    """One mention heard for one brand."""

    mention_id: int
    brand_id: int
    channel: str
    at: datetime
    sentiment: str | None


def told_at() -> ColumnElement[datetime]:
    """Return the column of the instant at which a mention counts."""
    return case((Mention.posted_at > Mention.collected_at, Mention.collected_at), else_=Mention.posted_at)


def mentions(session: Session, brand_ids: Iterable[int], since: datetime, until: datetime) -> Iterator[Heard]:
    """Yield every mention of these brands in [since, until), once per brand."""
    newest = (
        select(func.max(Score.id))
        .where(Score.mention_id == Mention.id, Score.revision == Mention.revision, Score.error.is_(None))
        .correlate(Mention)
        .scalar_subquery()
    )
    hits = select(Hit.mention_id, Hit.brand_id).where(Hit.brand_id.in_(list(brand_ids))).distinct().subquery()
    query = (
        select(Mention.id, hits.c.brand_id, Mention.channel, told_at(), Score.sentiment)
        .join(hits, hits.c.mention_id == Mention.id)
        .outerjoin(Score, Score.id == newest)
        # posted_at has no index; whatever counts after `since` was collected after it, and collected_at has one
        .where(
            and_(
                Mention.collected_at >= since,
                told_at() >= since,
                told_at() < until,
                Mention.gone_at.is_(None),
            )
        )
    )
    for number, brand_id, channel, at, sentiment in session.execute(query.execution_options(yield_per=2000)):
        yield Heard(number, brand_id, channel, at, sentiment)


def late(session: Session, brand_ids: Iterable[int], since: datetime, until: datetime) -> int:
    """Return how many mentions came in during the span but were posted before it; imported history aside."""
    hits = select(Hit.mention_id).where(Hit.brand_id.in_(list(brand_ids)))
    found = session.scalar(
        select(func.count())
        .select_from(Mention)
        .where(
            Mention.collected_at >= since, Mention.collected_at < until, Mention.posted_at < since,
            Mention.history.is_(False), Mention.gone_at.is_(None), Mention.id.in_(hits),
        )
    )  # fmt: skip
    return found or 0


def count(heard: Iterable[Heard], key: Callable[[Heard], Key]) -> dict[Key, Counts]:
    """Group and count; a mention of two brands counts once in a group."""
    tally: dict[Key, Counter[str]] = {}
    seen: set[tuple[Key, int]] = set()
    for one in heard:
        group = key(one)
        if (group, one.mention_id) in seen:
            continue
        seen.add((group, one.mention_id))
        found = tally.setdefault(group, Counter())
        found["mentions"] += 1
        found["scored"] += one.sentiment is not None
        found["negative"] += one.sentiment == "negative"
    return {group: Counts(**found) for group, found in tally.items()}
