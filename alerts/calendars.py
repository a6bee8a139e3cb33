"""Business hours as arithmetic on instants: exact across clock changes, past midnight, split days, holidays.

A span belongs to the day it starts on: the night shift that begins on a working Thursday runs into the holiday on
Friday, the one that would begin on the holiday does not happen. Nothing here knows levels or channels (`sla`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.errors import AlertsError

LOOK_AHEAD = timedelta(days=800)  # a calendar without an open minute in so long is closed for good
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Open on these weekdays (Monday = 0) from `start` to `end`; an end not after its start is on the next day."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of a team in its own time zone."""

    timezone: ZoneInfo
    spans: tuple[Span, ...]
    holidays: frozenset[date] = frozenset()

    def open_between(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open intervals inside [start, end) in UTC, in order, not touching each other."""
        # one day earlier and later: a span may have begun yesterday, and an offset may be most of a day
        day = start.astimezone(self.timezone).date() - _DAY
        last = end.astimezone(self.timezone).date()
        pending: tuple[datetime, datetime] | None = None
        while day <= last:
            for opens, closes in sorted(self._of(day)):
                cut = (max(opens, start), min(closes, end))
                if cut[0] >= cut[1]:
                    continue
                if pending is not None and cut[0] <= pending[1]:
                    pending = (pending[0], max(pending[1], cut[1]))
                    continue
                if pending is not None:
                    yield pending
                pending = cut
            day += _DAY
        if pending is not None:
            yield pending

    def add(self, start: datetime, length: timedelta) -> datetime | None:
        """Return the instant at which `length` of open time has passed since `start`; None = never (always closed)."""
        left = length
        begin = start.astimezone(UTC)
        # a week at a time: most answers lie in the first, and a long holiday must not cost a year of spans
        while begin < start + LOOK_AHEAD:
            until = begin + timedelta(days=7)
            for opens, closes in self.open_between(begin, until):
                if closes - opens >= left:
                    return opens + left
                left -= closes - opens
            begin = until
        return None

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return how much open time lies between two instants."""
        begin, stop = start.astimezone(UTC), end.astimezone(UTC)
        return sum((closes - opens for opens, closes in self.open_between(begin, stop)), timedelta())

    def is_open(self, at: datetime) -> bool:
        """Say whether somebody works at this instant."""
        return self.elapsed(at, at + timedelta(microseconds=1)) > timedelta()

    def _of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if day in self.holidays:
            return
        for span in self.spans:
            if day.weekday() in span.days:
                last = day if span.end > span.start else day + _DAY
                # of an hour that happens twice the first begins the span and the second ends it
                opens = instant(datetime.combine(day, span.start), self.timezone, fold=0)
                closes = instant(datetime.combine(last, span.end), self.timezone, fold=1)
                if opens < closes:
                    yield opens, closes


def instant(wall: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """Return the UTC instant of a wall clock reading; a reading that was skipped is the moment of the skip."""
    early, late = (wall.replace(tzinfo=zone, fold=which).astimezone(UTC) for which in (1, 0))
    if early >= late:  # not skipped: `fold` chooses between the two readings, mostly the same
        return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def parse(timezone: str, spans: Sequence[Mapping[str, Any]], holidays: Sequence[str] = ()) -> Hours:
    """Return the hours written in a calendar row. Raises AlertsError naming the entry that cannot be read."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"unknown time zone {timezone!r}; write it like Europe/Paris"
        raise AlertsError(message) from error
    try:
        closed = frozenset(date.fromisoformat(day) for day in holidays)
    except (TypeError, ValueError) as error:
        message = f"a holiday must be a date like 2026-12-25 ({error})"
        raise AlertsError(message) from error
    return Hours(zone, tuple(_span(entry) for entry in spans), closed)


def _span(entry: Mapping[str, Any]) -> Span:
    try:
        days = frozenset(int(day) for day in entry["days"])
        start, end = _time(str(entry["start"])), _time(str(entry["end"]))
    except (KeyError, TypeError, ValueError) as error:
        example = '{"days": [0, 1], "start": "09:00", "end": "17:00"}'
        message = f"a span must look like {example}, not {dict(entry)} ({error})"
        raise AlertsError(message) from error
    if not days or not days <= frozenset(range(7)):
        message = f"the days of a span are numbers from 0 (Monday) to 6 (Sunday), not {sorted(days)}"
        raise AlertsError(message)
    return Span(days, start, end)


def _time(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


WEEK = Hours(ZoneInfo("UTC"), (Span(frozenset(range(5)), time(9), time(18)),))
"""What holds until somebody enters a calendar: Monday to Friday, 9 to 18 o'clock UTC."""
