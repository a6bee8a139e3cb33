"""What still waits for an answer, and which incidents a span had. How it was answered is counted by `alerts.kpi`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from alerts.digest.data import Open, Trouble, Waiting
from alerts.kpi import told_at
from alerts.models import Alert, Incident
from listener.models import Brand, Mention

CRITICAL = 3
WORST = 5
INCIDENTS = 5


def open_now(session: Session, brand_ids: Collection[int], *, at: datetime) -> Waiting:
    """Return what waits for a first answer, with the worst of it."""
    waiting = (
        Alert.brand_id.in_(brand_ids), Alert.state == "open", Alert.kind == "alert",
        Alert.first_response_at.is_(None), Mention.gone_at.is_(None),
    )  # fmt: skip
    over = case((Alert.due_at < at, 1), else_=0)
    alerts = select(Alert).join(Mention, Mention.id == Alert.latest_mention_id).where(*waiting)
    critical = case((Alert.level >= CRITICAL, 1), else_=0)
    found = alerts.with_only_columns(
        func.count(), func.coalesce(func.sum(over), 0), func.coalesce(func.sum(critical), 0)
    )
    total, overdue, worst_level = session.execute(found).one()
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
    return Waiting(total, int(overdue), int(worst_level), tuple(rows))


def incidents(
    session: Session, brand_ids: Collection[int], since: datetime, until: datetime
) -> list[Trouble]:
    """Return the incidents with most alerts from posts of the span; one alert alone is no incident."""
    count = func.count(Alert.id)
    rows = session.execute(
        select(Incident.id, Incident.title, Brand.name, Incident.category, count, Incident.state)
        .join(Alert, Alert.incident_id == Incident.id)
        .join(Brand, Brand.id == Incident.brand_id)
        .where(Alert.brand_id.in_(brand_ids), told_at() >= since, told_at() < until)
        .group_by(Incident.id, Incident.title, Brand.name, Incident.category, Incident.state)
        .having(count > 1)
        .order_by(count.desc(), Incident.id)
        .limit(INCIDENTS)
    )
    return [Trouble(row[0], row[1], row[2], row[3], alerts=row[4], open=row[5] == "open") for row in rows]
