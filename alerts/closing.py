"""Closes alerts whose last word was deleted upstream: what the author took back is not answered any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from alerts import events, flow
from alerts.models import Alert
from listener.db import Database, now
from listener.models import Mention

LIMIT = 200


def gone(db: Database, *, at: datetime | None = None) -> list[int]:
    """Close open alerts whose latest mention is gone with the resolution `gone`; return their ids."""
    moment = at or now()
    deleted = (
        select(Alert.id)
        .join(Mention, Mention.id == Alert.latest_mention_id)
        .where(Alert.state == flow.OPEN, Mention.gone_at.is_not(None))
        .limit(LIMIT)
    )
    with db.read() as session:
        if session.scalar(deleted.limit(1)) is None:
            return []
    with db.work() as session:
        number = flow.changing(session)
        alerts = list(session.scalars(select(Alert).where(Alert.id.in_(deleted)).with_for_update()))
        for alert in alerts:
            data = flow.closed(alert, "gone", moment)
            alert.text, alert.changed = "", number  # the words are not ours to show any more
            events.record(session, "alert.closed", alert_id=alert.id, data=data, at=moment)
        flow.settle_incidents(session, alerts)
        return [alert.id for alert in alerts]
