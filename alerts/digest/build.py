"""From a reader and a period to the values of a digest: reads, counts, decides nothing about looks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.digest.coverage import coverage
from alerts.digest.data import Counts, Day, DigestData, Reader, Row
from alerts.digest.heard import Heard, count, late, mentions
from alerts.digest.periods import Kind, Period, covering, midnight
from alerts.digest.waiting import incidents, open_now
from alerts.kpi import Case, cases, figures
from alerts.models import Person, PersonBrand
from listener import i18n
from listener.db import now
from listener.models import Brand

CHART_DAYS = 7


def build(
    session: Session, person: Person, kind: Kind, start: date, *, at: datetime | None = None
) -> DigestData:
    """Return the digest of the period that contains local day `start`. Figures marked "now" are as of `at`."""
    at = at or now()
    period = covering(kind, start, i18n.zone_of(person.timezone))
    brands = visible(session, person.id)
    ids = list(brands)
    first_bar = period.last - timedelta(days=CHART_DAYS - 1)
    heard = list(
        mentions(session, ids, min(period.before.since, midnight(first_bar, period.zone)), period.until)
    )
    inside = [one for one in heard if one.at >= period.since]
    told = cases(session, ids, period.since, period.until)
    return DigestData(
        reader=Reader(person.id, person.email, person.name, i18n.known(person.locale)),
        period=period,
        made_at=at,
        brands=tuple(brands.values()),
        total=_all(inside),
        before=_all(one for one in heard if period.before.since <= one.at < period.since),
        late=late(session, ids, period.since, period.until),
        answers=figures(told, at),
        waiting=open_now(session, ids, at=at),
        incidents=tuple(incidents(session, ids, period.since, period.until)),
        rows=_table(brands, inside, told, at),
        days=_days(heard, first_bar, period),
        coverage=coverage(session, ids, period.since, period.until, at=at),
    )


def visible(session: Session, person_id: int) -> dict[int, str]:
    """Return our own brands that the person may see, by id, in the order of their names."""
    only = select(PersonBrand.brand_id).where(PersonBrand.person_id == person_id)
    allowed = session.scalars(only).all()
    query = select(Brand.id, Brand.name).where(Brand.own).order_by(Brand.name)
    if allowed:
        query = query.where(Brand.id.in_(allowed))
    return {number: name for number, name in session.execute(query)}  # noqa: C416 - a Row is no pair for dict()


def _all(heard: Iterable[Heard]) -> Counts:
    return count(heard, lambda _: None).get(None, Counts())


def _table(brands: dict[int, str], heard: list[Heard], told: list[Case], at: datetime) -> tuple[Row, ...]:
    counts = count(heard, lambda one: (one.brand_id, one.channel))
    raised: dict[tuple[int, str], list[Case]] = {}
    for one in told:
        raised.setdefault((one.brand_id, one.channel), []).append(one)
    rows = [
        Row(
            brand_id=brand_id,
            brand=brands[brand_id],
            channel=channel,
            counts=counts.get((brand_id, channel), Counts()),
            alerts=len(raised.get((brand_id, channel), [])),
            first_response=figures(raised.get((brand_id, channel), []), at).first_response.median,
        )
        for brand_id, channel in {*counts, *raised}
    ]
    return tuple(sorted(rows, key=lambda row: (row.brand, -row.alerts, -row.counts.mentions, row.channel)))


def _days(heard: list[Heard], first: date, period: Period) -> tuple[Day, ...]:
    by_day = count(heard, lambda one: one.at.astimezone(period.zone).date())
    days = (first + timedelta(days=number) for number in range(CHART_DAYS))
    return tuple(Day(day, by_day.get(day, Counts())) for day in days)
