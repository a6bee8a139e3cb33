"""How the alerts of a span were answered, what is still open, and which incidents they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from alerts.digest.data import Answers, Open, Trouble
from alerts.models import Alert, Incident
from listener.models import Brand, Mention

WORST = 5
INCIDENTS = 5
Told = tuple[int, str, timedelta | None]  # brand id, channel, first response


def _told_at() -> ColumnElement[datetime]:
    return case((Alert.posted_at > Alert.collected_at, Alert.collected_at), else_=Alert.posted_at)


def answers(
    session: Session, brand_ids: Collection[int], since: datetime, until: datetime, *, at: datetime
) -> tuple[Answers, list[Told]]:
    """Return the figures of alerts whose customer wrote in [since, until), and one entry per alert for the table."""
    rows = session.execute(
        select(Alert.brand_id, Alert.channel, Alert.level, _told_at(), Alert.first_response_at, Alert.due_at)
        .where(Alert.brand_id.in_(brand_ids), Alert.kind == "alert", _told_at() >= since, _told_at() < until)
    ).all()  # fmt: skip
    told: list[Told] = []
    levels: Counter[int] = Counter()
    measured = on_time = 0
    for brand_id, channel, level, posted, answered, due in rows:
        told.append((brand_id, channel, max(answered - posted, timedelta(0)) if answered else None))
        levels[level] += 1
        if due is not None and (answered is not None or due < at):
            measured += 1
            on_time += answered is not None and answered <= due
    waits = [wait for _, _, wait in told if wait is not None]
    return Answers(len(told), {n: levels[n] for n in range(4)}, len(waits), middle(waits), measured, on_time), told


def middle(waits: Sequence[timedelta]) -> timedelta | None:
    """Return the median, None of nothing."""
    return timedelta(seconds=median(wait.total_seconds() for wait in waits)) if waits else None


def open_now(session: Session, brand_ids: Collection[int], *, at: datetime) -> tuple[int, int, list[Open]]:
    """Return how many alerts wait for a first answer, how many of them too long, and the worst."""
    waiting = (
        Alert.brand_id.in_(brand_ids), Alert.state == "open", Alert.kind == "alert",
        Alert.first_response_at.is_(None), Mention.gone_at.is_(None),
    )  # fmt: skip
    over = case((Alert.due_at < at, 1), else_=0)
    alerts = select(Alert).join(Mention, Mention.id == Alert.latest_mention_id).where(*waiting)
    found = alerts.with_only_columns(func.count(), func.coalesce(func.sum(over), 0))
    total, overdue = session.execute(found).one()
    worst = session.execute(
        alerts.join(Brand, Brand.id == Alert.brand_id)
        .with_only_columns(Alert, Brand.name)
        .order_by(Alert.level.desc(), over.desc(), Alert.due_at, Alert.id)
        .limit(WORST)
    )
    rows = [
        Open(
            id=alert.id, level=alert.level, brand=brand, channel=alert.channel, author=alert.author, text=alert.text,
            posted_at=alert.posted_at, due_at=alert.due_at, category=alert.category,
            over=at - alert.due_at if alert.due_at and alert.due_at < at else None,
        )
        for alert, brand in worst
    ]  # fmt: skip
    return total, int(overdue), rows


def incidents(session: Session, brand_ids: Collection[int], since: datetime, until: datetime) -> list[Trouble]:
    """Return the incidents with most alerts from posts of the span; one alert alone is no incident."""
    count = func.count(Alert.id)
    rows = session.execute(
        select(Incident.id, Incident.title, Brand.name, Incident.category, count, Incident.state)
        .join(Alert, Alert.incident_id == Incident.id)
        .join(Brand, Brand.id == Incident.brand_id)
        .where(Alert.brand_id.in_(brand_ids), _told_at() >= since, _told_at() < until)
        .group_by(Incident.id, Incident.title, Brand.name, Incident.category, Incident.state)
        .having(count > 1)
        .order_by(count.desc(), Incident.id)
        .limit(INCIDENTS)
    )
    return [Trouble(row[0], row[1], row[2], row[3], alerts=row[4], open=row[5] == "open") for row in rows]
