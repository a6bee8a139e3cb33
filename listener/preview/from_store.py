"""Trying queries on what is stored: the mentions of the last days that the reader may see.

What no query has asked for yet was never stored, so this counts what a narrower query would keep, not all there is.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from listener import budget
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Author, Hit, Mention, Source
from listener.preview.result import SAMPLES, Cost, Preview, Sample, cost, why
from listener.query import Document, Query

MOST = 5000  # mentions that are tried, newest first
SECONDS = 3.0  # and no longer than this


def stored(
    db: Database,
    ground: Ground,
    queries: Sequence[Query],
    *,
    brand_ids: Collection[int] | None = None,
    window: timedelta = timedelta(days=7),
) -> Preview:
    """Try queries on stored mentions; `brand_ids`: heard for these brands only, None = all."""
    at = now()
    with db.read() as session:
        rows = session.execute(_recent(brand_ids, at - window)).all()
        paid = _paid(session, brand_ids, at)
    hits: Counter[str] = Counter()
    samples: list[Sample] = []
    tried, last, began = 0, at, time.monotonic()
    for row in rows[:MOST]:
        if time.monotonic() - began > SECONDS:
            break
        tried, last = tried + 1, min(last, row.posted_at)
        document = Document(
            row.text, row.title, row.language, row.channel, row.handle or row.name, row.rating
        )
        parts = why(queries, document)
        if parts is None:
            continue
        hits[row.channel] += 1
        if len(samples) < SAMPLES:
            text = f"{row.title}\n{row.text}" if row.title else row.text
            author = row.handle or row.name or ""
            samples.append(Sample(row.channel, author, text, row.url, row.posted_at, parts))
    span = window if tried == len(rows) else at - last
    made = Preview(None, hits.total(), tried, span, at_least=tried < len(rows), samples=tuple(samples))
    return _priced(ground, made, hits, paid)


def _recent(brand_ids: Collection[int] | None, since: datetime) -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = (
        select(
            Mention.text, Mention.title, Mention.language, Mention.channel, Mention.rating, Mention.url,
            Mention.posted_at, Author.handle, Author.name,
        )
        .outerjoin(Author, Author.id == Mention.author_id)
        .where(Mention.collected_at >= since, Mention.posted_at >= since, Mention.gone_at.is_(None))
        .order_by(Mention.collected_at.desc())
        .limit(MOST + 1)
    )  # fmt: skip
    if brand_ids is None:
        return query
    heard = select(Hit.mention_id).where(Hit.mention_id == Mention.id, Hit.brand_id.in_(brand_ids))
    return query.where(heard.exists())


def _paid(
    session: Session, brand_ids: Collection[int] | None, at: datetime
) -> list[tuple[Source, budget.Budget]]:
    query = select(Source).where(Source.state != "removed").order_by(Source.name)
    if brand_ids is not None:
        query = query.where(Source.brand_id.in_(brand_ids))
    found = list(session.scalars(query))
    days = budget.budgets(session, found, at=at)
    return [(source, days[source.id]) for source in found]


def _priced(
    ground: Ground, made: Preview, hits: Counter[str], sources: Sequence[tuple[Source, budget.Budget]]
) -> Preview:
    """Add what the hits of a paid platform would have cost at least, for each source that reads it."""
    days = made.span / timedelta(days=1) or 1
    found: list[Cost] = []
    for source, day in sources:
        reads = hits[source.kind] / days
        one = cost(ground.settings, source.kind, reads, source=source.name, day=day)
        found += [one] if one is not None else []
    return replace(made, costs=tuple(found))
