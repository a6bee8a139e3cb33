"""What the model says about one text: plain values, ready to store, show or print."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sentiment import urgency
from sentiment.labels import NO_CATEGORY
from sentiment.urgency import Urgency

DIGITS = 4
"""Decimals of a printed probability."""


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The most likely label and the calibrated probability of each."""

    label: str
    negative: float
    neutral: float
    positive: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, understood. ``error`` says why a text could not be read; all else is then empty."""

    language: str
    sentiment: Sentiment
    urgency: Urgency
    category: str
    needs_reply: bool
    reasons: tuple[str, ...] = ()
    model: str = ""
    vector: bytes | None = field(default=None, repr=False)
    """Similarity vector, 384 signed bytes; compare by cosine, within one model version only."""
    error: str | None = None


def nothing(language: str, model: str, error: str | None = None) -> Reading:
    """The reading of an empty text, or of one that failed."""
    return Reading(
        language=language,
        sentiment=Sentiment("neutral", 0.0, 1.0, 0.0),
        urgency=urgency.NONE,
        category=NO_CATEGORY,
        needs_reply=False,
        model=model,
        error=error,
    )


def as_json(reading: Reading, id: object) -> dict[str, Any]:  # noqa: A002 - the key's name
    """The row that ``allears score`` prints; ``error`` is there only when something failed."""
    mood, urgent = reading.sentiment, reading.urgency
    row: dict[str, Any] = {
        "id": id,
        "language": reading.language,
        "sentiment": {
            "label": mood.label,
            "negative": round(mood.negative, DIGITS),
            "neutral": round(mood.neutral, DIGITS),
            "positive": round(mood.positive, DIGITS),
        },
        "urgency": {
            "level": urgent.level,
            "score": round(urgent.score, DIGITS),
            "levels": [round(level, DIGITS) for level in urgent.levels],
        },
        "category": reading.category,
        "needs_reply": reading.needs_reply,
        "reasons": list(reading.reasons),
        "model": reading.model,
    }
    if reading.error is not None:
        row["error"] = reading.error
    return row
