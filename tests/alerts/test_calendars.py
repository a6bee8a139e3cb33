"""Business hours against a slow, plain model that walks minute by minute, and the cases people have been bitten by."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import calendars
from alerts.calendars import Hours, Span
from alerts.errors import AlertsError

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours(BERLIN, (Span(frozenset(range(5)), time(9), time(17)),))
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Jerusalem",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
]

times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
spans = st.builds(Span, st.frozensets(st.integers(0, 6), min_size=1), times, times)
hours = st.builds(
    Hours,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.lists(spans, min_size=1, max_size=3).map(tuple),
    st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 5)), max_size=3),
)
# the weeks around the clock changes of the zones above
starts = st.datetimes(datetime(2026, 3, 5), datetime(2026, 4, 6)).map(  # noqa: DTZ001 - the zone is added next
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
)


def plainly_open(hours: Hours, at: datetime) -> bool:
    """Say from the wall clock alone whether it is open: no arithmetic on instants."""
    local = at.astimezone(hours.timezone)
    today, yesterday, clock = local.date(), local.date() - timedelta(days=1), local.time()
    for span in hours.spans:
        overnight = span.end <= span.start
        works_today = today.weekday() in span.days and today not in hours.holidays
        worked_yesterday = yesterday.weekday() in span.days and yesterday not in hours.holidays
        if works_today and span.start <= clock and (overnight or clock < span.end):
            return True
        if overnight and worked_yesterday and clock < span.end:
            return True
    return False


def ambiguous(hours: Hours, at: datetime) -> bool:
    """An hour that happens twice: the first reading begins a span, the second ends it; the clock alone cannot say."""
    local = at.astimezone(hours.timezone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


@settings(max_examples=150, deadline=None)
@given(hours, starts)
def test_it_agrees_with_the_wall_clock_minute_by_minute(hours: Hours, start: datetime) -> None:
    for quarter in range(0, 3 * 24 * 60, 15):
        at = start.replace(minute=start.minute // 15 * 15) + timedelta(minutes=quarter)
        if not ambiguous(hours, at):
            assert hours.is_open(at) == plainly_open(hours, at), at.astimezone(hours.timezone)


@settings(max_examples=150, deadline=None)
@given(hours, starts, st.integers(1, 30 * 60))
def test_adding_and_measuring_are_inverse(hours: Hours, start: datetime, minutes: int) -> None:
    length = timedelta(minutes=minutes)
    end = hours.add(start, length)
    assert end is not None
    assert hours.elapsed(start, end) == length
    assert hours.elapsed(start, end - timedelta(seconds=1)) < length


@settings(max_examples=60, deadline=None)
@given(hours, starts, st.integers(1, 600), st.integers(1, 600))
def test_time_can_be_added_in_two_parts(hours: Hours, start: datetime, one: int, other: int) -> None:
    half = hours.add(start, timedelta(minutes=one))
    assert half is not None
    assert hours.add(half, timedelta(minutes=other)) == hours.add(start, timedelta(minutes=one + other))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-24T10:00", 4, "2026-11-24T14:00"),
        ("2026-11-24T15:00", 8, "2026-11-25T15:00"),
        ("2026-11-27T16:00", 8, "2026-11-30T16:00"),  # over a weekend
        ("2026-11-28T12:00", 1, "2026-11-30T10:00"),  # from a weekend
        ("2026-11-24T17:00", 1, "2026-11-25T10:00"),  # at the last minute
        ("2026-03-27T16:00", 2, "2026-03-30T10:00"),  # over the night that is an hour short
        ("2026-10-23T16:00", 2, "2026-10-26T10:00"),  # over the night that is an hour long
    ],
)
def test_office_hours(start: str, hours: int, end: str) -> None:
    assert OFFICE.add(berlin(start), timedelta(hours=hours)) == berlin(end)


def test_a_night_shift_is_as_long_as_the_night_really_was() -> None:
    night = Hours(BERLIN, (Span(frozenset(range(7)), time(22), time(6)),))
    short = night.elapsed(berlin("2026-03-28T12:00"), berlin("2026-03-29T12:00"))
    long = night.elapsed(berlin("2026-10-24T12:00"), berlin("2026-10-25T12:00"))
    assert (short, long) == (timedelta(hours=7), timedelta(hours=9))


def test_a_span_that_begins_in_the_skipped_hour_begins_at_the_skip() -> None:
    early = Hours(BERLIN, (Span(frozenset({6}), time(2, 30), time(4)),))
    assert early.elapsed(berlin("2026-03-29T00:00"), berlin("2026-03-29T12:00")) == timedelta(hours=1)


def test_split_days_holidays_and_overlaps() -> None:
    split = calendars.parse(
        "Europe/Berlin",
        [
            {"days": [0, 1, 2, 3, 4], "start": "09:00", "end": "12:00"},
            {"days": [0, 1, 2, 3, 4], "start": "13:00", "end": "17:00"},
            {"days": [1], "start": "11:00", "end": "14:00"},
            {"days": [5], "start": "20:00", "end": "24:00"},
        ],
        ["2026-11-25"],
    )
    day = [
        split.elapsed(berlin(f"2026-11-{number}T00:00"), berlin(f"2026-11-{number + 1}T00:00"))
        for number in (23, 24, 25, 28)
    ]
    assert day == [timedelta(hours=7), timedelta(hours=8), timedelta(), timedelta(hours=4)]
    assert split.add(berlin("2026-11-24T16:00"), timedelta(hours=2)) == berlin("2026-11-26T10:00")


def test_a_night_that_begins_before_a_holiday_runs_into_it() -> None:
    night = Hours(BERLIN, (Span(frozenset(range(7)), time(22), time(2)),), frozenset({date(2026, 11, 25)}))
    assert night.is_open(berlin("2026-11-25T01:00"))
    assert not night.is_open(berlin("2026-11-25T23:00"))
    assert not night.is_open(berlin("2026-11-26T01:00"))


def test_always_closed_has_no_end() -> None:
    assert Hours(BERLIN, ()).add(berlin("2026-11-24T10:00"), timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("timezone", "spans", "holidays", "words"),
    [
        ("Mars/Base", [], [], "unknown time zone 'Mars/Base'"),
        ("UTC", [{"days": [7], "start": "09:00", "end": "10:00"}], [], "from 0"),
        ("UTC", [{"days": [], "start": "09:00", "end": "10:00"}], [], "from 0"),
        ("UTC", [{"days": [1], "start": "9 o'clock", "end": "10:00"}], [], "a span must look like"),
        ("UTC", [{"days": [1], "start": "09:00"}], [], "a span must look like"),
        ("UTC", [], ["25.12.2026"], "a holiday must be a date"),
    ],
)
def test_what_cannot_be_read_is_named(
    timezone: str, spans: list[dict[str, object]], holidays: list[str], words: str
) -> None:
    with pytest.raises(AlertsError, match=words):
        calendars.parse(timezone, spans, holidays)
