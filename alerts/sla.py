"""By when an alert needs its first answer: the response standards by level and kind of channel.

The clock starts when the customer wrote, or when we heard of it if the post claims to come from the future.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import calendars
from alerts.calendars import Hours
from alerts.models import Calendar

CRITICAL, HIGH, NORMAL = 3, 2, 1
SLOW_CHANNELS = frozenset({"email", "googleplay", "appstore", "trustpilot", "googlebusiness"})
SLOW_KINDS = frozenset({"review", "mail"})


@dataclass(frozen=True, slots=True)
class Standard:
    """How long until the first answer, and whether only business hours count."""

    length: timedelta
    business_hours: bool = False


STANDARDS: dict[tuple[int, bool], Standard] = {  # (level, review or mail)
    (CRITICAL, False): Standard(timedelta(minutes=15)),
    (CRITICAL, True): Standard(timedelta(minutes=15)),
    (HIGH, False): Standard(timedelta(hours=2)),
    (HIGH, True): Standard(timedelta(hours=8), business_hours=True),
    (NORMAL, False): Standard(timedelta(hours=4)),
    (NORMAL, True): Standard(timedelta(hours=24)),
}


def standard(level: int, channel: str, kind: str = "post") -> Standard | None:
    """Return the response standard; None for level 0, which nobody has to answer."""
    return STANDARDS.get((min(level, CRITICAL), channel in SLOW_CHANNELS or kind in SLOW_KINDS))


def due_at(
    level: int,
    channel: str,
    posted_at: datetime,
    hours: Hours,
    *,
    kind: str = "post",
    collected_at: datetime | None = None,
) -> datetime | None:
    """Return the instant by which the first answer is due, None if there is none to give."""
    wanted = standard(level, channel, kind)
    if wanted is None:
        return None
    start = posted_at if collected_at is None else min(posted_at, collected_at)
    return hours.add(start, wanted.length) if wanted.business_hours else start + wanted.length


def hours_of(session: Session, brand_id: int) -> Hours:
    """Return the brand's calendar, else the default one, else Monday to Friday."""
    row = session.scalar(
        select(Calendar)
        .where((Calendar.brand_id == brand_id) | (Calendar.brand_id.is_(None)))
        .order_by(Calendar.brand_id.is_(None), Calendar.id)
        .limit(1)
    )
    return calendars.parse(row.timezone, row.spans, row.holidays) if row is not None else calendars.WEEK
