"""What people do with alerts: open, assign, snooze, wait, close, reopen, note. Each change is one event.

Every function takes all the ids at once and changes all or none of them: one that the viewer may not see, and nothing
happens (`NotFound`). Whoever changes an alert calls `changing` first in its transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from alerts import events
from alerts.errors import AlertsError, NotFound
from alerts.models import Alert, Incident, Note, Person, PersonBrand
from alerts.people import Viewer, allowed
from listener.db import Database, now

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
RESOLUTIONS = ("resolved", "not_urgent", "spam", "duplicate", "gone")
_CHANGES = 0x616C6572  # the advisory lock of all changes of alerts


def changing(session: Session) -> int:
    """Take the turn to change alerts and return the number this transaction gives to what it changes.

    One at a time, so that numbers are seen in their order (a poll for "changed since 41" must not miss a 40 that is
    committed later) and two workers cannot open a case for the same customer. SQLite has a single writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHANGES})
    return (session.scalar(select(func.max(Alert.changed))) or 0) + 1


def seen(session: Session, viewer: Viewer, ids: Sequence[int]) -> list[Alert]:
    """Return the alerts, all of them, locked. Raises NotFound if one does not exist or is not this viewer's."""
    wanted = list(dict.fromkeys(ids))
    query = select(Alert).where(Alert.id.in_(wanted)).order_by(Alert.id).with_for_update()
    if viewer.brand_ids is not None:
        query = query.where(Alert.brand_id.in_(viewer.brand_ids))
    found = list(session.scalars(query))
    if len(found) != len(wanted):
        missing = sorted(set(wanted) - {alert.id for alert in found})
        raise NotFound(f"there is no alert {', '.join(str(number) for number in missing)}")
    return found


def open_(db: Database, viewer: Viewer, ids: Sequence[int], *, at: datetime | None = None) -> None:
    """Take note that somebody looks at the alerts for the first time."""
    moment = at or now()

    def change(alert: Alert) -> dict[str, Any] | None:
        if alert.opened_at is not None:
            return None
        alert.opened_at = moment
        return {}

    _each(db, viewer, "alerts.read", ids, "alert.opened", change, moment)


def assign(
    db: Database, viewer: Viewer, ids: Sequence[int], assignee_id: int | None, *, at: datetime | None = None
) -> None:
    """Give the alerts to somebody (None = nobody). Giving them to another person takes `alerts.assign`."""
    if assignee_id not in {None, viewer.id}:
        viewer.require("alerts.assign")
    moment = at or now()

    def change(alert: Alert) -> dict[str, Any] | None:
        if alert.assignee_id == assignee_id:
            return None
        data = {"from": alert.assignee_id, "to": assignee_id}
        alert.assignee_id = assignee_id
        return data

    _each(db, viewer, "alerts.work", ids, "alert.assigned", change, moment, check=lambda session, alerts: _can_take(
        session, assignee_id, alerts
    ))  # fmt: skip


def snooze(
    db: Database, viewer: Viewer, ids: Sequence[int], until: datetime | None, *, at: datetime | None = None
) -> None:
    """Hide the alerts until then (None = wake them now)."""
    moment = at or now()
    if until is not None and until <= moment:
        raise AlertsError("snooze until a time in the future")

    def change(alert: Alert) -> dict[str, Any]:
        alert.snoozed_until = until
        return {"until": until.isoformat() if until else None}

    _each(db, viewer, "alerts.work", ids, "alert.snoozed", change, moment)


def wait(
    db: Database, viewer: Viewer, ids: Sequence[int], *, waiting: bool, at: datetime | None = None
) -> None:
    """Mark that we wait for the customer, or no longer."""

    def change(alert: Alert) -> dict[str, Any]:
        alert.waiting = waiting
        return {"waiting": waiting}

    _each(db, viewer, "alerts.work", ids, "alert.waiting", change, at or now())


def close(
    db: Database,
    viewer: Viewer,
    ids: Sequence[int],
    resolution: str = "resolved",
    *,
    at: datetime | None = None,
) -> None:
    """Close the alerts with a resolution; an alert that is closed already only changes its resolution."""
    if resolution not in RESOLUTIONS:
        raise AlertsError(f"unknown resolution {resolution!r}; known: {', '.join(RESOLUTIONS)}")
    moment = at or now()
    _each(
        db, viewer, "alerts.work", ids, "alert.closed",
        lambda alert: closed(alert, resolution, moment), moment, after=settle_incidents,
    )  # fmt: skip


def closed(alert: Alert, resolution: str, at: datetime) -> dict[str, Any]:
    """Put one alert in the closed state and return the event's data; for callers inside a transaction."""
    data = {"from": alert.state, "resolution": resolution}
    alert.state, alert.resolution, alert.closed_at = CLOSED, resolution, alert.closed_at or at
    alert.waiting, alert.snoozed_until, alert.follow_up_at = False, None, None
    return data


def reopen(db: Database, viewer: Viewer, ids: Sequence[int], *, at: datetime | None = None) -> None:
    """Open the alerts again (also the undo of closing)."""

    def change(alert: Alert) -> dict[str, Any] | None:
        return reopened(alert) if alert.state != OPEN else None

    _each(db, viewer, "alerts.work", ids, "alert.reopened", change, at or now(), after=settle_incidents)


def reopened(alert: Alert) -> dict[str, Any]:
    """Put one alert back in the open state and return the event's data; for callers inside a transaction."""
    data = {"from": alert.state}
    alert.state, alert.resolution, alert.closed_at = OPEN, None, None
    alert.waiting, alert.snoozed_until, alert.follow_up_at = False, None, None
    alert.reopened += 1
    return data


def note(db: Database, viewer: Viewer, alert_id: int, words: str, *, at: datetime | None = None) -> int:
    """Add a remark for colleagues, never published, and return its id."""
    viewer.require("alerts.work")
    words = words.strip()
    if not words:
        raise AlertsError("the note is empty")
    with db.work() as session:
        number = changing(session)
        (alert,) = seen(session, viewer, [alert_id])
        row = Note(alert_id=alert_id, person_id=viewer.id, text=words, at=at or now())
        session.add(row)
        alert.changed = number
        session.flush()
        events.record(
            session, "alert.noted", person_id=viewer.id, alert_id=alert_id, data={"note": row.id}, at=at
        )
        return row.id


def _each(  # noqa: PLR0913 - one shape for all transitions
    db: Database,
    viewer: Viewer,
    permission: str,
    ids: Sequence[int],
    kind: str,
    change: Callable[[Alert], dict[str, Any] | None],
    at: datetime,
    *,
    check: Callable[[Session, Sequence[Alert]], None] | None = None,
    after: Callable[[Session, Sequence[Alert]], None] | None = None,
) -> None:
    viewer.require(permission)
    with db.work() as session:
        number = changing(session)
        alerts = seen(session, viewer, ids)
        if check is not None:
            check(session, alerts)
        for alert in alerts:
            data = change(alert)
            if data is not None:
                alert.changed = number
                events.record(
                    session, kind, person_id=viewer.id, alert_id=alert.id, mention_id=alert.latest_mention_id,
                    data=data, at=at,
                )  # fmt: skip
        if after is not None:
            session.flush()
            after(session, alerts)


def _can_take(session: Session, assignee_id: int | None, alerts: Sequence[Alert]) -> None:
    if assignee_id is None:
        return
    person = session.get(Person, assignee_id)
    if person is None or not person.active or not allowed(person.role, "alerts.work"):
        raise AlertsError("only an active agent, lead or admin can be given an alert")
    brands = set(session.scalars(select(PersonBrand.brand_id).where(PersonBrand.person_id == assignee_id)))
    if brands and not {alert.brand_id for alert in alerts} <= brands:
        raise AlertsError("this person does not see the brand of every alert")


def settle_incidents(session: Session, alerts: Sequence[Alert]) -> None:
    """An incident is open as long as one of its alerts is not closed."""
    for incident_id in sorted({alert.incident_id for alert in alerts if alert.incident_id is not None}):
        left = session.scalar(
            select(Alert.id).where(Alert.incident_id == incident_id, Alert.state != CLOSED).limit(1)
        )
        incident = session.get(Incident, incident_id)
        if incident is not None:
            incident.state = OPEN if left is not None else CLOSED
