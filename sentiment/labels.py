"""The label sets that every part of this room and every room above it agrees on.

Order is meaning: the position of a name is the index of its logit. It must not change without a
new model, because shipped weights carry their outputs in this order.
"""

from __future__ import annotations

from typing import Final

SENTIMENTS: Final = ("negative", "neutral", "positive")
"""Order of the sentiment logits."""

LEVELS: Final = (0, 1, 2, 3)
"""Urgency levels: low, normal, high, critical."""

ALERT_LEVEL: Final = 2
"""From this urgency level on, a mention is an alert."""

CATEGORIES: Final = (
    "delivery_delay",
    "product_quality",
    "technical_bug",
    "outage_network",
    "billing_payment",
    "refund_return",
    "account_booking",
    "fraud_security",
    "staff_service",
    "safety_legal",
    "information_request",
    "praise",
    "other_none",
)
"""The thing to fix, one per mention; order of the category logits."""

NO_CATEGORY: Final = "other_none"

LANGUAGES: Final = ("en", "fr", "ru", "he", "de", "es", "it", "pt", "ar")
"""Languages the model is trained and measured on; others are scored, but with less certainty."""
