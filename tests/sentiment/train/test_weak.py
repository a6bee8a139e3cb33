"""The map of weak labels follows the guideline."""

from __future__ import annotations

import pytest

from sentiment.data import Row
from sentiment.labels import CATEGORIES
from sentiment.train.weak import apply


@pytest.mark.parametrize(
    ("source", "sentiment", "category", "intent", "text", "expected"),
    [
        ("airline_tweets", 0, "Cancelled Flight", "", "x", (2, 1, "delivery_delay")),
        ("airline_tweets", 0, "Late Flight", "", "x", (1, 1, "delivery_delay")),
        ("airline_tweets", 1, "", "", "when?", (1, 1, "information_request")),
        ("airline_tweets", 1, "", "", "boarding", (0, 0, None)),
        ("airline_tweets", 2, "", "", "x", (0, 0, "praise")),
        ("banking77", None, "lost_or_stolen_card", "", "x", (3, 1, "fraud_security")),
        ("banking77", None, "declined_transfer", "", "x", (2, 1, "billing_payment")),
        ("banking77", None, "Refund_not_showing_up", "", "x", (1, 1, "refund_return")),
        ("complaints_twitter", None, "domain:services", "complaint", "x", (1, 1, None)),
        ("complaints_twitter", None, "domain:random_tweet", "not_complaint", "x?", (0, 0, "other_none")),
        ("ijcnlp17_feedback", None, "", "comment", "x", (0, None, None)),
        ("app_review_intent", None, "", "bug report", "x", (1, 1, "technical_bug")),
        ("google_play_stars", 2, "", "", "x", (0, None, "praise")),
        ("cuba_hotels_es", 1, "", "", "x", (None, None, None)),
        ("umsab_de", 2, "", "", "x", (0, None, None)),
        ("umsab_de", 0, "", "", "x", (None, None, None)),
        ("sms_spam", None, "", "spam", "x", (0, 0, "other_none")),
    ],
)
def test_map(
    source: str, sentiment: int | None, category: str, intent: str, text: str, expected: tuple
) -> None:
    row = Row("1", source, "en", "tweet", text, sentiment, raw={"category": category, "intent": intent})
    apply(row)
    name = None if row.category is None else CATEGORIES[row.category]
    assert (row.urgency, row.reply, name) == expected
