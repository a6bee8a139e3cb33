"""The figures of the service: how fast, how often in time, how often at the first try, and where the time goes.

Definitions, with their reasons, are in `docs/kpi.md`; digest, dashboard and API all count here, so that two pages never
disagree. Medians are taken in Python: SQLite has no percentile function, and a period's alerts fit into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from alerts.models import Alert, Person, Reply
from listener.db import now
from listener.models import Brand

ANSWERED = ("sent", "visible", "removed", "by_hand")  # states of a reply that reached the customer
STEPS = ("posted", "collected", "scored", "raised", "opened", "approved", "sent")


@dataclass(frozen=True, slots=True)
class Case:
    """One alert with the times that figures are made of; `steps` are the instants of STEPS, None where not reached."""

    brand_id: int
    brand: str
    channel: str
    level: int
    agent: str | None
    told_at: datetime  # when the customer wrote, at the latest when we collected it
    due_at: datetime | None
    first_response_at: datetime | None
    resolved_at: datetime | None
    replies: int
    reopened: int
    steps: tuple[datetime | None, ...]

    @property
    def first_response(self) -> timedelta | None:
        """From the customer's post to our first answer."""
        return (
            None
            if self.first_response_at is None
            else max(self.first_response_at - self.told_at, timedelta(0))
        )


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 90th percentile (nearest rank) of some lengths of time."""

    count: int
    median: timedelta | None
    p90: timedelta | None

    def as_json(self) -> dict[str, float | int | None]:
        """Seconds, for the API."""
        return {
            "count": self.count,
            "median_seconds": _seconds(self.median),
            "p90_seconds": _seconds(self.p90),
        }


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a group of alerts."""

    alerts: int
    levels: dict[int, int]
    answered: int
    measured: int  # whose standard is met or missed by now
    on_time: int
    resolved: int
    resolved_first: int  # of those answered: with one answer and never reopened
    resolved_answered: int
    first_response: Spread
    resolution: Spread

    @property
    def on_time_share(self) -> float | None:
        """Met of measured, 0-1."""
        return self.on_time / self.measured if self.measured else None

    @property
    def first_contact_share(self) -> float | None:
        """First-contact resolutions of resolutions with an answer, 0-1."""
        return self.resolved_first / self.resolved_answered if self.resolved_answered else None

    def as_json(self) -> dict[str, Any]:
        """For the API; shares are 0-1, lengths are seconds."""
        return {
            "alerts": self.alerts,
            "levels": {str(level): count for level, count in self.levels.items()},
            "answered": self.answered,
            "on_time": {"measured": self.measured, "met": self.on_time, "share": self.on_time_share},
            "first_contact": {
                "resolved": self.resolved_answered, "first": self.resolved_first, "share": self.first_contact_share,
            },
            "resolved": self.resolved,
            "first_response": self.first_response.as_json(),
            "resolution": self.resolution.as_json(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kpi:
    """The figures of a span: all together, by channel, brand and agent, and the lag split."""

    since: datetime
    until: datetime
    total: Figures
    channels: dict[str, Figures]
    brands: dict[str, Figures]
    agents: dict[str, Figures]
    lags: dict[str, Spread]  # "posted-collected" … "approved-sent"

    def as_json(self) -> dict[str, Any]:
        """One document for the API."""
        groups = {"channels": self.channels, "brands": self.brands, "agents": self.agents}
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "total": self.total.as_json(),
            **{name: {key: one.as_json() for key, one in group.items()} for name, group in groups.items()},
            "lags": {step: spread.as_json() for step, spread in self.lags.items()},
        }


def kpi(
    session: Session,
    brand_ids: Collection[int] | None,
    since: datetime,
    until: datetime,
    *,
    at: datetime | None = None,
) -> Kpi:
    """Return the figures of the alerts whose customers wrote in [since, until), for these brands (None = all)."""
    at = at or now()
    found = cases(session, brand_ids, since, until)
    return Kpi(
        since=since,
        until=until,
        total=figures(found, at),
        channels=grouped(found, lambda one: one.channel, at),
        brands=grouped(found, lambda one: one.brand, at),
        agents=grouped(found, lambda one: one.agent, at),
        lags=lags(found),
    )


def told_at() -> ColumnElement[datetime]:
    """Return the column of the instant at which an alert counts: a post dated in the future counts when collected."""
    return case((Alert.posted_at > Alert.collected_at, Alert.collected_at), else_=Alert.posted_at)


def cases(
    session: Session, brand_ids: Collection[int] | None, since: datetime, until: datetime
) -> list[Case]:
    """Return the alerts of the span that expect an answer (watch alerts do not)."""
    gone = Reply.state.in_(ANSWERED) & Reply.alert_id.is_not(None)
    first = (
        select(func.min(Reply.id).label("id"), func.count().label("replies"))
        .where(gone)
        .group_by(Reply.alert_id)
    )
    firsts = first.subquery()
    query = (
        select(
            Alert, Brand.name, Reply.approved_at, Reply.sent_at, firsts.c.replies, Person.name, Person.email
        )
        .join(Brand, Brand.id == Alert.brand_id)
        .outerjoin(Reply, (Reply.alert_id == Alert.id) & Reply.id.in_(select(firsts.c.id)))
        .outerjoin(firsts, firsts.c.id == Reply.id)
        .outerjoin(Person, Person.id == Reply.person_id)
        .where(Alert.kind == "alert", told_at() >= since, told_at() < until)
        .order_by(Alert.id)
    )
    if brand_ids is not None:
        query = query.where(Alert.brand_id.in_(list(brand_ids)))
    return [
        Case(
            brand_id=alert.brand_id,
            brand=brand,
            channel=alert.channel,
            level=alert.level,
            agent=name or email,
            told_at=min(alert.posted_at, alert.collected_at),
            due_at=alert.due_at,
            first_response_at=alert.first_response_at,
            resolved_at=alert.closed_at if alert.resolution == "resolved" else None,
            replies=replies or 0,
            reopened=alert.reopened,
            steps=(
                alert.posted_at, alert.collected_at, alert.scored_at, alert.raised_at, alert.opened_at,
                approved_at, sent_at,
            ),
        )
        for alert, brand, approved_at, sent_at, replies, name, email in session.execute(query)
    ]  # fmt: skip


def figures(found: Sequence[Case], at: datetime) -> Figures:
    """Count a group of cases; what is due later than `at` is not measured yet."""
    measured = [
        one
        for one in found
        if one.due_at is not None and (one.first_response_at is not None or one.due_at < at)
    ]
    resolved = [one for one in found if one.resolved_at is not None]
    helped = [one for one in resolved if one.first_response_at is not None]
    return Figures(
        alerts=len(found),
        levels={level: sum(one.level == level for one in found) for level in range(4)},
        answered=sum(one.first_response_at is not None for one in found),
        measured=len(measured),
        on_time=sum(_in_time(one) for one in measured),
        resolved=len(resolved),
        resolved_first=sum(one.replies <= 1 and not one.reopened for one in helped),
        resolved_answered=len(helped),
        first_response=spread(one.first_response for one in found),
        resolution=spread(one.resolved_at - one.told_at if one.resolved_at else None for one in resolved),
    )


def grouped(found: Iterable[Case], key: Callable[[Case], str | None], at: datetime) -> dict[str, Figures]:
    """Return the figures of each group, in the order of the names; cases without a group are left out."""
    groups: dict[str, list[Case]] = {}
    for one in found:
        name = key(one)
        if name is not None:
            groups.setdefault(name, []).append(one)
    return {name: figures(groups[name], at) for name in sorted(groups)}


def lags(found: Sequence[Case]) -> dict[str, Spread]:
    """Return how long each step from the customer's post to our answer took."""
    return {
        f"{before}-{after}": spread(
            one.steps[number + 1] - one.steps[number]  # type: ignore[operator]  # None is excluded below
            for one in found
            if one.steps[number] is not None and one.steps[number + 1] is not None
        )
        for number, (before, after) in enumerate(pairwise(STEPS))
    }


def spread(lengths: Iterable[timedelta | None]) -> Spread:
    """Return median and 90th percentile; a negative length (clocks differ) counts as zero, None not at all."""
    sizes = sorted(max(length.total_seconds(), 0.0) for length in lengths if length is not None)
    if not sizes:
        return Spread(0, None, None)
    rank = -(-9 * len(sizes) // 10) - 1  # ceil(0.9 n), counted from 0
    return Spread(len(sizes), timedelta(seconds=median(sizes)), timedelta(seconds=sizes[rank]))


def _in_time(one: Case) -> bool:
    return (
        one.first_response_at is not None and one.due_at is not None and one.first_response_at <= one.due_at
    )


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
