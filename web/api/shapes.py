"""Mentions and sources as the API gives them; alerts and replies have `alerts.shapes`. Reads only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from alerts.people import Viewer
from listener import sources
from listener.db import Database
from listener.models import Author, Brand, Hit, Mention
from listener.sources import Row
from sentiment.score import latest


def mentions(db: Database, viewer: Viewer, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return mentions of the viewer's brands after an id."""
    with db.read() as session:
        query = (
            select(Mention, Author)
            .outerjoin(Author, Author.id == Mention.author_id)
            .where(Mention.id > after)
            .order_by(Mention.id)
            .limit(limit)
        )
        if viewer.brand_ids is not None:
            query = query.where(
                Mention.id.in_(select(Hit.mention_id).where(Hit.brand_id.in_(viewer.brand_ids)))
            )
        found = session.execute(query).all()
        scores = latest(session, [one.id for one, _author in found])
    made = []
    for one, author in found:
        row: dict[str, Any] = {
            "id": one.id,
            "external_id": one.external_id,
            "channel": one.channel,
            "author": (author.handle or author.name) if author else None,
            "text": "" if one.gone_at else one.text,
            "url": one.url,
            "posted_at": one.posted_at.isoformat(),
            "language": one.language,
            "stage": one.stage,
            "reply_mode": one.reply_mode,
        }
        score = scores.get(one.id)
        if score is not None:
            row |= {
                "language": score.language,
                "sentiment": {"label": score.sentiment, "negative": score.negative, "neutral": score.neutral,
                              "positive": score.positive},
                "urgency": {"level": score.level, "score": score.alert_score, "levels": score.levels},
                "category": score.category,
                "needs_reply": score.needs_reply,
            }  # fmt: skip
        made.append(row)
    return made


def own_sources(db: Database, viewer: Viewer) -> list[Row]:
    """Return the sources of the viewer's brands."""
    rows = sources.list_(db)
    if viewer.brand_ids is None:
        return rows
    with db.read() as session:
        names = set(session.scalars(select(Brand.name).where(Brand.id.in_(viewer.brand_ids))))
    return [row for row in rows if row.brand in names]
