"""Scores the mentions that wait: claim, read outside any transaction, save, move on.

Scoring may repeat (a lease can expire while the model works); the unique key of a score makes the second one harmless.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from listener import log, metrics, stages
from listener.db import Database, upsert
from listener.models import Brand, Hit, Mention
from sentiment.models import Score
from sentiment.neutral import without_words

if TYPE_CHECKING:
    from sentiment.reader import Reader, Reading

logger = log.get(__name__)


def score(db: Database, reader: Reader, *, limit: int = 64) -> list[int]:
    """Score at most `limit` waiting mentions and return their ids; an empty list means nothing waits."""
    ids = stages.claim(db, stages.COLLECTED, limit=limit)
    if not ids:
        return []
    began = time.monotonic()
    rows = read(db, reader, ids)
    with db.work() as session:
        save(session, rows)
        # a mention whose text changed while we read has a newer revision: its stage is back and stays there
        current = session.execute(
            select(Mention.id, Mention.revision).where(Mention.id.in_(ids)).with_for_update()
        ).all()
        revisions = {row["mention_id"]: row["revision"] for row in rows}
        done = [row.id for row in current if revisions.get(row.id) == row.revision]
        stages.move(session, done, origin=stages.COLLECTED, to=stages.SCORED)
    metrics.SCORED.inc(len(rows))
    logger.info(
        "score.batch", mentions=len(rows), seconds=round(time.monotonic() - began, 3), model=reader.name
    )
    return ids


def read(db: Database, reader: Reader, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Read mentions with the model, outside any transaction, and return their score rows."""
    with db.read() as session:
        mentions = session.execute(
            select(Mention.id, Mention.revision, Mention.title, Mention.text, Mention.language)
            .where(Mention.id.in_(ids))
            .order_by(Mention.id)
        ).all()
        words = _neutral_words(session, ids)
    readings = reader.read(
        [
            without_words(f"{row.title}\n{row.text}" if row.title else row.text, words.get(row.id, ()))
            for row in mentions
        ],
        languages=[row.language for row in mentions],
    )
    return [_row(row.id, row.revision, reading) for row, reading in zip(mentions, readings, strict=True)]


def _neutral_words(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    """By mention: the words that belong to the name of a brand it was heard for."""
    found: dict[int, list[str]] = {}
    brands = session.execute(
        select(Hit.mention_id, Brand.neutral_words)
        .join(Brand, Brand.id == Hit.brand_id)
        .where(Hit.mention_id.in_(ids))
    )
    for mention_id, words in brands:
        found.setdefault(mention_id, []).extend(word for word in words if word.strip())
    return found


def save(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert score rows; the same (mention, revision, model) again changes nothing."""
    if rows:
        session.execute(
            upsert(session, Score).on_conflict_do_nothing(index_elements=["mention_id", "revision", "model"]),
            list(rows),
        )


def latest(session: Session, mention_ids: Sequence[int]) -> dict[int, Score]:
    """Return the newest score of each mention's current revision, by mention id; unscored ones are absent."""
    found = session.scalars(
        select(Score)
        .join(Mention, and_(Mention.id == Score.mention_id, Mention.revision == Score.revision))
        .where(Score.mention_id.in_(mention_ids))
        .order_by(Score.id)
    )
    return {row.mention_id: row for row in found}


def _row(mention_id: int, revision: int, reading: Reading) -> dict[str, Any]:
    keep_vector = reading.urgency.level >= 2  # noqa: PLR2004 - the level from which alerts and incidents start
    return {
        "mention_id": mention_id,
        "revision": revision,
        "model": reading.model,
        "language": reading.language,
        "sentiment": reading.sentiment.label,
        "negative": reading.sentiment.negative,
        "neutral": reading.sentiment.neutral,
        "positive": reading.sentiment.positive,
        "level": reading.urgency.level,
        "alert_score": reading.urgency.score,
        "levels": list(reading.urgency.levels),
        "category": reading.category,
        "needs_reply": reading.needs_reply,
        "reasons": list(reading.reasons),
        "vector": reading.vector if keep_vector else None,
        "error": reading.error,
    }
