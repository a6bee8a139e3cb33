"""One incident instead of 300 alerts: groups alerts with one cause, whoever wrote them and wherever.

Two ways in: nearly the same words within a day, or a burst of the same category and language within hours. Every alert
stays an alert (each customer gets an answer); the incident gives them one owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.models import Alert, Incident
from listener.text import hamming, simhash
from sentiment.labels import NO_CATEGORY

SAME_WORDS = timedelta(hours=24)
SAME_WORDS_BITS = 6  # of 64: reposts, and copies with a name or a number changed
SAME_WORDS_LENGTH = 40  # characters; shorter texts look alike by chance
BURST = timedelta(hours=3)
BURST_ALERTS = 5
CANDIDATES = 500  # newest alerts of the brand that are compared
LONE = frozenset({NO_CATEGORY, "praise", "information_request"})  # many questions a day are no incident


def group(session: Session, alert: Alert) -> Incident | None:
    """Put a new alert in the incident it belongs to, or found one with the alerts that are alike; None = alone."""
    recent = list(
        session.scalars(
            select(Alert)
            .where(Alert.brand_id == alert.brand_id, Alert.id != alert.id)
            .where(Alert.raised_at >= alert.raised_at - SAME_WORDS)
            .order_by(Alert.id.desc())
            .limit(CANDIDATES)
        )
    )
    alike = _same_words(alert, recent) or _burst(alert, recent)
    if not alike:
        return None
    incident = _of(session, alike)
    if incident is None:
        incident = Incident(
            brand_id=alert.brand_id, category=alert.category, title=_title(alert), alerts=0,
            first_at=min(each.posted_at for each in [alert, *alike]), last_at=alert.posted_at,
        )  # fmt: skip
        session.add(incident)
        session.flush()
    for each in [alert, *alike]:
        if each.incident_id is None:
            each.incident_id = incident.id
            each.changed = alert.changed
            incident.alerts += 1
            incident.first_at = min(incident.first_at, each.posted_at)
            incident.last_at = max(incident.last_at, each.posted_at)
    if alert.assignee_id is None:
        alert.assignee_id = incident.owner_id
    return incident


def _same_words(alert: Alert, recent: Sequence[Alert]) -> list[Alert]:
    if len(alert.text) < SAME_WORDS_LENGTH:
        return []
    mine = _simhash(alert.text)
    return [
        other
        for other in recent
        if len(other.text) >= SAME_WORDS_LENGTH and hamming(mine, _simhash(other.text)) <= SAME_WORDS_BITS
    ]


@lru_cache(maxsize=4096)
def _simhash(text: str) -> int:
    return simhash(text)  # remembered: in a burst each text is compared with hundreds of others


def _burst(alert: Alert, recent: Sequence[Alert]) -> list[Alert]:
    if alert.category in LONE:
        return []
    alike = [
        other
        for other in recent
        if other.category == alert.category
        and other.language == alert.language
        and abs(other.posted_at - alert.posted_at) <= BURST
    ]
    return alike if len(alike) + 1 >= BURST_ALERTS else []


def _of(session: Session, alike: Sequence[Alert]) -> Incident | None:
    ids = {each.incident_id for each in alike if each.incident_id is not None}
    if not ids:
        return None
    return session.scalars(
        select(Incident).where(Incident.id.in_(ids), Incident.state == "open").order_by(Incident.id).limit(1)
    ).first()


def _title(alert: Alert) -> str:
    """Name it by subject and language: the words of one customer must not outlive an erasure in a title."""
    return f"{alert.category.replace('_', ' ').capitalize()} ({alert.language})"
