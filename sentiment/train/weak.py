"""Weak labels: what a source's own labels say about urgency, category and "wants an answer".

After the map at the end of the annotation guideline. They are used at a low weight, because one
mention read by a person is worth a hundred of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sentiment.labels import CATEGORIES

if TYPE_CHECKING:
    from sentiment.data import Row

_AIRLINE = {
    "Customer Service Issue": "staff_service",
    "Flight Attendant Complaints": "staff_service",
    "longlines": "staff_service",
    "Late Flight": "delivery_delay",
    "Cancelled Flight": "delivery_delay",
    "Lost Luggage": "delivery_delay",
    "Flight Booking Problems": "account_booking",
    "Bad Flight": "product_quality",
}
_AIRLINE_HIGH = {"Cancelled Flight", "Lost Luggage"}
_BANK_FRAUD = ("lost_or_stolen", "compromised", "not_recognised")
_BANK_STUCK = ("declined", "failed", "charged_twice", "blocked", "not_working")
_BANK = (
    ("refund", "refund_return"),
    ("card_arrival", "delivery_delay"),
    ("delivery_estimate", "delivery_delay"),
    ("identity", "account_booking"),
    ("passcode", "account_booking"),
    ("pin", "account_booking"),
    ("personal_details", "account_booking"),
    ("charge", "billing_payment"),
    ("fee", "billing_payment"),
    ("declined", "billing_payment"),
    ("failed", "billing_payment"),
    ("pending", "billing_payment"),
    ("wrong_amount", "billing_payment"),
    ("country_support", "information_request"),
    ("fiat_currency_support", "information_request"),
    ("age_limit", "information_request"),
    ("supported_cards", "information_request"),
)
NEUTRAL, POSITIVE = 1, 2
_CHATTER = ("umsab_", "rusentitweet", "hebrew_fb", "hebemo", "sentipolc")


def _nothing(row: Row, *_: str) -> None:
    row.urgency, row.reply, row.category = 0, 0, CATEGORIES.index("other_none")


def _airline(row: Row, reason: str, _: str) -> None:
    if row.sentiment == POSITIVE:
        row.urgency, row.reply, row.category = 0, 0, CATEGORIES.index("praise")
    elif row.sentiment == NEUTRAL:
        asks = int("?" in row.text)
        row.urgency = row.reply = asks
        if asks:
            row.category = CATEGORIES.index("information_request")
    elif row.sentiment == 0:
        row.urgency, row.reply = (2 if reason in _AIRLINE_HIGH else 1), 1
        if reason in _AIRLINE:
            row.category = CATEGORIES.index(_AIRLINE[reason])


def _bank(row: Row, category: str, _: str) -> None:
    name = category.lower()
    row.reply = 1
    if any(word in name for word in _BANK_FRAUD):
        row.urgency, row.category = 3, CATEGORIES.index("fraud_security")
        return
    row.urgency = 2 if any(word in name for word in _BANK_STUCK) else 1
    for word, meaning in _BANK:
        if word in name:
            row.category = CATEGORIES.index(meaning)
            return


def _complaint(row: Row, category: str, intent: str) -> None:
    asks = "?" in row.text and category != "domain:random_tweet"
    if intent == "complaint" or asks:
        row.urgency, row.reply = 1, 1
    elif category == "domain:random_tweet":
        _nothing(row)


def _feedback(row: Row, _: str, intent: str) -> None:
    if intent in {"complaint", "bug report", "request", "feature request"}:
        row.urgency, row.reply = 1, 1
    elif intent in {"comment", "rating", "user experience", "meaningless"}:
        row.urgency = 0
    if intent == "bug report":
        row.category = CATEGORIES.index("technical_bug")
    elif intent in {"request", "feature request"}:
        row.category = CATEGORIES.index("information_request")


def _stars(row: Row, *_: str) -> None:
    if row.sentiment is not None:
        row.urgency = (1, None, 0)[row.sentiment]
    if row.sentiment == POSITIVE and row.source == "google_play_stars":
        row.category = CATEGORIES.index("praise")


def _letter(row: Row, *_: str) -> None:
    row.reply = 1


_MAKERS: dict[str, Callable[[Row, str, str], None]] = {
    "airline_tweets": _airline,
    "app_review_intent": _feedback,
    "arabic_reviews": _stars,
    "banking77": _bank,
    "complaints_twitter": _complaint,
    "cuba_hotels_es": _stars,
    "google_play_stars": _stars,
    "ijcnlp17_feedback": _feedback,
    "reclameaqui_pt": _letter,
    "sms_spam": _nothing,
}


def apply(row: Row) -> None:
    """Fill the row's unknown labels from the source's own, where the map has an answer."""
    maker = _MAKERS.get(row.source)
    if maker is not None:
        maker(row, row.raw.get("category", ""), row.raw.get("intent", ""))
    elif row.sentiment and row.source.startswith(_CHATTER):
        row.urgency = 0
