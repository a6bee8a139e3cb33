"""The dashboard: what was heard and how well it was answered in some days. All counting is `alerts.kpi`'s."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta

from flask import Blueprint, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import kpi
from alerts.digest import heard
from listener import i18n
from listener.db import now
from listener.models import Brand
from web import charts
from web.page import Answer, _, show, zone
from web.security import context, requires, viewer

DAYS = 7
LONGEST = 366

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/dashboard")
@requires("dashboard.read")
def dashboard() -> Answer:
    """Show the figures of local days `since`..`until`, both included."""
    where = i18n.zone_of(zone())
    today = now().astimezone(where).date()
    until = _day(request.args.get("until"), today)
    since = _day(request.args.get("since"), until - timedelta(days=DAYS - 1))
    since = max(min(since, until), until - timedelta(days=LONGEST))
    first = datetime.combine(since, time(), where)
    end = datetime.combine(until + timedelta(days=1), time(), where)
    with context().db.read() as session:
        figures = kpi.kpi(session, viewer().brand_ids, first, end)
        brands = _own(session)
        counted = Counter(
            (one.at.astimezone(where).date(), one.sentiment)
            for one in heard.mentions(session, list(brands), first, end)
        )
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    volume = [
        charts.Stack(
            i18n.format_day(day), counted[day, "negative"], counted[day, "neutral"] + counted[day, None],
            counted[day, "positive"],
        )
        for day in days
    ]  # fmt: skip
    return show(
        "manage/dashboard.html", figures=figures, since=since, until=until, volume=volume,
        chart=charts.stacks(volume, _("Mentions per day by sentiment")),
        presets=[(name, today - timedelta(days=days_back - 1), today) for days_back, name in (
            (1, _("Today")), (7, _("7 days")), (30, _("30 days")))],
    )  # fmt: skip


def _own(session: Session) -> dict[int, str]:
    rows = session.execute(select(Brand.id, Brand.name).order_by(Brand.name))
    return {key: name for key, name in rows if viewer().sees(key)}


def _day(given: str | None, otherwise: date) -> date:
    try:
        day = date.fromisoformat(given) if given else otherwise
    except ValueError:
        return otherwise
    return day if 1970 <= day.year <= 9000 else otherwise  # noqa: PLR2004 - whatever no zone can make overflow
