"""Pages of the inbox: filters that live in a URL, keyset paging, capped counts, what changed since.

Reads only. Brand visibility is part of every query here; a row that a viewer may not see does not exist for them.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from alerts.errors import AlertsError, NotFound
from alerts.kpi import told_at
from alerts.models import Alert
from alerts.people import Viewer
from listener import i18n
from listener.db import now
from listener.models import Brand

PAGE = 50
CAP = 100  # counted so far and no further: people read "99+"
STATES = ("open", "snoozed", "answered", "closed", "all")
SORTS = ("urgency", "due", "newest", "oldest")
KINDS = ("alert", "watch")
_FAR = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the inbox is shown. Empty means all; `brand` is a name, `assignee` is "me", "none" or a person's id."""

    state: str = "open"
    level: int | None = None
    brand: str = ""
    channel: str = ""
    language: str = ""
    category: str = ""
    assignee: str = ""
    kind: str = ""
    incident: int | None = None
    overdue: bool = False
    since: date | None = None  # of the customer's post: local days of the viewer, both included
    until: date | None = None
    text: str = ""
    sort: str = "urgency"

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> Filters:
        """Read URL parameters; unknown names are left alone, a value that makes no sense counts as not given."""
        return cls(
            state=_one_of(params.get("state", ""), STATES, "open"),
            level=_number(params.get("level"), 0, 3),
            brand=params.get("brand", "")[:120],
            channel=params.get("channel", "")[:30],
            language=params.get("language", "")[:12],
            category=params.get("category", "")[:30],
            assignee=params.get("assignee", "")[:20],
            kind=_one_of(params.get("kind", ""), KINDS, ""),
            incident=_number(params.get("incident")),
            overdue=params.get("overdue", "") in {"1", "true"},
            since=_day(params.get("since")),
            until=_day(params.get("until")),
            text=params.get("text", "").strip()[:200],
            sort=_one_of(params.get("sort", ""), SORTS, "urgency"),
        )

    def params(self) -> dict[str, str]:
        """Return the URL parameters that `from_params` reads; what is not set is left out."""
        plain = Filters()
        given = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: "1" if value is True else str(value)
            for name, value in given.items()
            if value != getattr(plain, name)
        }


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Rows, the cursor of the next page (None at the end), and counts by name, at most CAP each (shown as 99+)."""

    rows: Sequence[Alert]
    next_cursor: str | None
    counts: Mapping[str, int] = field(default_factory=dict)
    changed: int = 0  # the number to ask `changes` with


def page(
    session: Session, viewer: Viewer, filters: Filters, cursor: str | None = None, *, limit: int = PAGE,
    at: datetime | None = None, counted: bool = True,
) -> InboxPage:  # fmt: skip
    """Return one page. Raises AlertsError for a cursor that is not ours."""
    moment = at or now()
    number = newest(session)  # before the rows, as in `changes`
    order, after = _order(filters.sort)
    query = matching(viewer, filters, moment).order_by(*order).limit(limit + 1)
    if cursor:
        query = query.where(after(_read_cursor(cursor, filters.sort)))
    rows = list(session.scalars(query))
    following = _cursor(rows[limit - 1], filters.sort) if len(rows) > limit else None
    return InboxPage(
        rows[:limit],
        following,
        counts(session, viewer, filters, at=moment) if counted else {},
        number,
    )


def matching(viewer: Viewer, filters: Filters, at: datetime) -> Select[Alert]:
    """Return the query of all alerts that the viewer may see and the filters let through."""
    conditions: list[ColumnElement[bool]] = [mine(viewer), *_state(filters.state, at)]
    exact = {
        Alert.level: filters.level, Alert.channel: filters.channel or None,
        Alert.language: filters.language or None, Alert.category: filters.category or None,
        Alert.kind: filters.kind or None, Alert.incident_id: filters.incident,
    }  # fmt: skip
    conditions += [column == value for column, value in exact.items() if value is not None]
    if filters.brand:
        named = select(Brand.id).where(Brand.name == filters.brand).scalar_subquery()
        conditions.append(Alert.brand_id == named)
    conditions += _assignee(filters.assignee, viewer)
    if filters.overdue:
        conditions += [Alert.due_at < at, Alert.first_response_at.is_(None)]
    if filters.since is not None:
        conditions.append(told_at() >= _midnight(filters.since, viewer))
    if filters.until is not None:
        conditions.append(told_at() < _midnight(filters.until + timedelta(days=1), viewer))
    if filters.text:
        pattern = "%" + filters.text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        conditions.append(
            or_(Alert.text.ilike(pattern, escape="\\"), Alert.author.ilike(pattern, escape="\\"))
        )
    return select(Alert).where(and_(*conditions))


def mine(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition that an alert belongs to a brand of the viewer."""
    return Alert.brand_id.in_(sorted(viewer.brand_ids)) if viewer.brand_ids is not None else Alert.id > 0


def counts(
    session: Session, viewer: Viewer, filters: Filters, *, at: datetime | None = None
) -> dict[str, int]:
    """Count the tabs under the same filters, each up to CAP: states, mine, nobody's, overdue, critical, watch."""
    moment = at or now()
    base = replace(filters, sort="urgency")
    tabs = {
        **{state: replace(base, state=state) for state in ("open", "snoozed", "answered", "closed")},
        "mine": replace(base, state="open", assignee="me"),
        "unassigned": replace(base, state="open", assignee="none"),
        "overdue": replace(base, state="open", overdue=True),
        "critical": replace(base, state="open", level=3),
        "watch": replace(base, state="open", kind="watch"),
    }
    columns = [
        select(func.count())
        .select_from(matching(viewer, tab, moment).with_only_columns(Alert.id).limit(CAP).subquery())
        .scalar_subquery()
        .label(name)
        for name, tab in tabs.items()
    ]
    return dict(session.execute(select(*columns)).mappings().one())


def changes(session: Session, viewer: Viewer, since: int, *, limit: int = 500) -> tuple[int, list[int]]:
    """Return (the newest number, the ids of the viewer's alerts that changed after `since`, newest change last)."""
    # the number first: what others commit between the two statements is then told twice, not never
    number = newest(session)
    ids = session.scalars(
        select(Alert.id)
        .where(Alert.changed > since, mine(viewer))
        .order_by(Alert.changed, Alert.id)
        .limit(limit)
    )
    return number, list(ids)


def newest(session: Session) -> int:
    """Return the number of the last change of any alert, 0 when there is none."""
    return session.scalar(select(func.max(Alert.changed))) or 0


def get(session: Session, viewer: Viewer, alert_id: int) -> Alert:
    """Return one alert. Raises NotFound, for a foreign brand too."""
    alert = session.scalar(select(Alert).where(Alert.id == alert_id, mine(viewer)))
    if alert is None:
        raise NotFound(f"there is no alert {alert_id}")
    return alert


def _state(state: str, at: datetime) -> list[ColumnElement[bool]]:
    asleep = and_(Alert.snoozed_until.is_not(None), Alert.snoozed_until > at)
    if state == "open":
        return [Alert.state == "open", or_(Alert.snoozed_until.is_(None), Alert.snoozed_until <= at)]
    if state == "snoozed":
        return [Alert.state == "open", asleep]
    return [Alert.state == state] if state != "all" else []


def _assignee(who: str, viewer: Viewer) -> list[ColumnElement[bool]]:
    if not who:
        return []
    if who == "me":
        return [Alert.assignee_id == viewer.id]
    if who == "none":
        return [Alert.assignee_id.is_(None)]
    return [Alert.assignee_id == _number(who)] if _number(who) else [false()]


def _order(sort: str) -> tuple[list[Any], Any]:
    """Return the columns to order by and the condition "comes after this row"; the id makes every order total."""
    if sort == "due":
        due = func.coalesce(Alert.due_at, _FAR)
        return [due, Alert.id], lambda key: or_(due > key[0], and_(due == key[0], Alert.id > key[1]))
    if sort == "newest":
        return [Alert.id.desc()], lambda key: Alert.id < key[0]
    if sort == "oldest":
        return [Alert.id], lambda key: Alert.id > key[0]
    return (
        [Alert.level.desc(), Alert.id.desc()],
        lambda key: or_(Alert.level < key[0], and_(Alert.level == key[0], Alert.id < key[1])),
    )


def _cursor(row: Alert, sort: str) -> str:
    key: list[Any] = [row.id]
    if sort == "due":
        key = [(row.due_at or _FAR).isoformat(), row.id]
    elif sort == "urgency":
        key = [row.level, row.id]
    return base64.urlsafe_b64encode(json.dumps([sort, *key]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, sort: str) -> list[Any]:
    sizes = {"urgency": 2, "due": 2}
    try:
        made_for, *key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        read = [datetime.fromisoformat(key[0]), int(key[1])] if sort == "due" else [int(part) for part in key]
    except (ValueError, TypeError, IndexError, binascii.Error):
        made_for, read = "", []
    if made_for != sort or len(read) != sizes.get(sort, 1):
        raise AlertsError("this page of the list is not known; start again from the first")
    return read


def _day(value: str | None) -> date | None:
    try:
        day = date.fromisoformat(value or "")
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None  # noqa: PLR2004 - whatever no zone can make overflow


def _midnight(day: date, viewer: Viewer) -> datetime:
    return datetime.combine(day, time(0), i18n.zone_of(viewer.timezone)).astimezone(UTC)


def _one_of(value: str, known: Sequence[str], otherwise: str) -> str:
    return value if value in known else otherwise


def _number(value: str | None, low: int = 1, high: int = 2**31) -> int | None:
    if not value or not value.isdecimal() or len(value) > len(str(2**31)):
        return None
    return int(value) if low <= int(value) <= high else None
