"""Which local days a digest is about, and since when it is due.

A period is a reader's calendar day or ISO week, never a length of time: on the nights when clocks change a day has
23 or 25 hours and is still one day. Times are only compared as instants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["daily", "weekly"]
KINDS: tuple[Kind, ...] = ("daily", "weekly")


@dataclass(frozen=True, slots=True)
class Period:
    """Local days `start`..`last`, both included, as seen in `zone`."""

    kind: Kind
    start: date
    zone: ZoneInfo

    @property
    def length(self) -> int:
        """How many days."""
        return 7 if self.kind == "weekly" else 1

    @property
    def last(self) -> date:
        """The last day."""
        return self.start + timedelta(days=self.length - 1)

    @property
    def since(self) -> datetime:
        """The first instant, UTC."""
        return midnight(self.start, self.zone)

    @property
    def until(self) -> datetime:
        """The first instant after the period, UTC."""
        return midnight(self.start + timedelta(days=self.length), self.zone)

    @property
    def before(self) -> Period:
        """The period just before."""
        return Period(self.kind, self.start - timedelta(days=self.length), self.zone)

    def due_at(self, hour: int) -> datetime:
        """When the digest goes out: `hour` o'clock on the day after, UTC."""
        day = self.start + timedelta(days=self.length)
        return datetime.combine(day, time(hour), self.zone).astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which the local day begins, UTC. Where 00:00 is skipped by a clock change, the
    instant of the change; where it comes twice, the first."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def covering(kind: Kind, day: date, zone: ZoneInfo) -> Period:
    """Return the period that contains a local day: the day itself, or its ISO week."""
    start = day - timedelta(days=day.weekday()) if kind == "weekly" else day
    return Period(kind, start, zone)


def latest(kind: Kind, at: datetime, zone: ZoneInfo, hour: int) -> Period:
    """Return the newest period whose digest is due at the instant `at`: after a stop there is one late digest,
    for the period that is over, and none for those before it."""
    period = covering(kind, at.astimezone(zone).date(), zone)
    while period.due_at(hour) > at:
        period = period.before
    return period
