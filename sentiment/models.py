"""The one table of the sentiment room: what a model said about one revision of one mention."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from listener.db import Base, now
from listener.models import BigId


class Score(Base):
    """Sentiment, urgency, category and needs_reply of (mention, revision) by one model version.

    Probabilities are calibrated and between 0 and 1; `level` is 0-3; `alert_score` is P(level >= 2).
    """

    __tablename__ = "score"
    __table_args__ = (
        UniqueConstraint("mention_id", "revision", "model"),
        Index("ix_score_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id", ondelete="CASCADE"))
    revision: Mapped[int]
    model: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(12))
    sentiment: Mapped[str] = mapped_column(String(10))
    negative: Mapped[float]
    neutral: Mapped[float]
    positive: Mapped[float]
    level: Mapped[int]
    alert_score: Mapped[float]
    levels: Mapped[list[float]]
    category: Mapped[str] = mapped_column(String(30))
    needs_reply: Mapped[bool]
    reasons: Mapped[list[str]] = mapped_column(default=list)
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)  # int8 similarity vector, only for level >= 2
    error: Mapped[str | None] = mapped_column(Text)  # the text crashed the engine and was marked
    created_at: Mapped[datetime] = mapped_column(default=now)
