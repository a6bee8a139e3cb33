"""The printed row has exactly the keys that scripts rely on."""

from __future__ import annotations

from sentiment.reading import Reading, Sentiment, as_json, nothing
from sentiment.urgency import Urgency


def test_the_row_of_allears_score() -> None:
    reading = Reading(
        language="fr",
        sentiment=Sentiment("negative", 0.93456, 0.05, 0.02),
        urgency=Urgency(2, 0.812345, (0.1, 0.1, 0.5, 0.3)),
        category="delivery_delay",
        needs_reply=True,
        reasons=("en retard",),
        model="m-1",
        vector=b"\x01",
    )
    assert as_json(reading, "7") == {
        "id": "7",
        "language": "fr",
        "sentiment": {"label": "negative", "negative": 0.9346, "neutral": 0.05, "positive": 0.02},
        "urgency": {"level": 2, "score": 0.8123, "levels": [0.1, 0.1, 0.5, 0.3]},
        "category": "delivery_delay",
        "needs_reply": True,
        "reasons": ["en retard"],
        "model": "m-1",
    }


def test_a_failed_text_says_so() -> None:
    row = as_json(nothing("en", "m-1", "the engine failed"), 0)
    assert row["error"] == "the engine failed"
    assert row["urgency"]["levels"] == [1.0, 0.0, 0.0, 0.0]
    assert row["category"] == "other_none"
