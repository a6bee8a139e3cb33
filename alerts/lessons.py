"""What people's work says about the model: corrections to learn from, and outcomes to price thresholds with.

Reads only. The newest word of a person on a mention's present wording counts.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from alerts.models import Alert, CaseMention, Feedback
from listener.db import Database, now
from listener.models import Mention
from sentiment.budget import Outcome
from sentiment.data import Row, parse
from sentiment.labels import ALERT_LEVEL
from sentiment.models import Score
from sentiment.score import latest

MATTERED = {"resolved": True, "not_urgent": False, "spam": False}
"""What a closed alert's resolution says; a duplicate or a deleted post says nothing."""
BATCH = 500


def corrections(db: Database) -> list[Row]:
    """Return every corrected mention with what people said it is; what nobody corrected is None."""
    with db.read() as session:
        given = session.execute(
            select(
                Feedback.mention_id,
                Feedback.field,
                Feedback.value,
                Mention.title,
                Mention.text,
                Mention.channel,
            )
            .join(Mention, (Mention.id == Feedback.mention_id) & (Mention.revision == Feedback.revision))
            .order_by(Feedback.id)
        ).all()
        ids = sorted({row.mention_id for row in given})
        spoken: dict[int, str] = {}
        for start in range(0, len(ids), BATCH):
            scores = latest(session, ids[start : start + BATCH])
            spoken |= {mention_id: score.language for mention_id, score in scores.items()}
    records: dict[int, dict[str, str]] = {}
    for row in given:
        record = records.setdefault(
            row.mention_id,
            {
                "id": str(row.mention_id),
                "text": f"{row.title}\n{row.text}" if row.title else row.text,
                "channel": row.channel,
                "lang": spoken.get(row.mention_id, ""),
            },
        )
        record[row.field] = row.value
    return [parse(record, source="corrections", number=number) for number, record in records.items()]


def outcomes(db: Database, since: timedelta) -> list[Outcome]:
    """Return the scored mentions collected in that time, each with what people made of it."""
    begin = now() - since
    with db.read() as session:
        scored = session.execute(
            select(Score.mention_id, Score.alert_score)
            .join(Mention, (Mention.id == Score.mention_id) & (Mention.revision == Score.revision))
            .where(Mention.collected_at >= begin, Score.error.is_(None))
            .order_by(Score.id)
        )
        chances = {row.mention_id: row.alert_score for row in scored}  # the newest score wins
        cases = session.execute(
            select(CaseMention.mention_id, Alert.resolution)
            .join(Alert, Alert.id == CaseMention.alert_id)
            .where(Alert.raised_at >= begin, Alert.resolution.is_not(None))
        )
        judged = {row.mention_id: MATTERED[row.resolution] for row in cases if row.resolution in MATTERED}
        told = session.execute(
            select(Feedback.mention_id, Feedback.value)
            .where(Feedback.field == "urgency", Feedback.at >= begin)
            .order_by(Feedback.id)
        )
        judged |= {row.mention_id: int(row.value) >= ALERT_LEVEL for row in told}
    return [Outcome(chance, judged.get(mention_id)) for mention_id, chance in chances.items()]
