from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.digest.periods import Kind, Period, covering, latest, midnight

BERLIN, NEW_YORK, AUCKLAND = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Pacific/Auckland"),
)
BEIRUT = ZoneInfo("Asia/Beirut")


def hours(period: Period) -> float:
    return (period.until - period.since) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)]
)
def test_a_day_is_a_calendar_day_when_clocks_change(day: date, length: int) -> None:
    assert hours(Period("daily", day, BERLIN)) == length


def test_days_do_not_overlap_and_leave_nothing_out_where_midnight_is_skipped() -> None:
    # in Beirut the clocks go forward at 00:00, so 29 March 2026 begins at 01:00
    before, after = Period("daily", date(2026, 3, 28), BEIRUT), Period("daily", date(2026, 3, 29), BEIRUT)
    assert before.until == after.since
    assert hours(before) + hours(after) == 47


def test_a_week_begins_on_monday_across_the_year() -> None:
    week = covering("weekly", date(2027, 1, 1), BERLIN)
    assert (week.start, week.last) == (date(2026, 12, 28), date(2027, 1, 3))
    assert week.start.isocalendar().week == 53
    assert week.before.start == date(2026, 12, 21)


def test_leap_day_is_a_day() -> None:
    at = datetime(2028, 3, 1, 9, tzinfo=UTC)
    assert latest("daily", at, ZoneInfo("UTC"), 8).start == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-25T07:59:00+01:00", date(2026, 11, 23)),  # not yet: the digest of the 24th comes at eight
        ("2026-11-25T08:00:00+01:00", date(2026, 11, 24)),
        ("2026-11-25T23:59:00+01:00", date(2026, 11, 24)),
        (
            "2026-11-26T03:00:00+01:00",
            date(2026, 11, 24),
        ),  # down over digest time: late, and still the right day
    ],
)
def test_the_newest_daily_period_that_is_due(at: str, expected: date) -> None:
    assert latest("daily", datetime.fromisoformat(at), BERLIN, 8).start == expected


def test_weekly_is_due_on_monday() -> None:
    sunday, monday = datetime(2026, 11, 22, 20, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert latest("weekly", sunday, BERLIN, 8).start == date(2026, 11, 9)
    assert latest("weekly", monday, BERLIN, 8).start == date(2026, 11, 16)


@pytest.mark.parametrize("night", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)])
def test_two_oclock_on_a_night_of_changing_clocks_is_one_digest(night: datetime) -> None:
    begin = night - timedelta(hours=2)
    starts = [latest("daily", begin + timedelta(minutes=5 * n), BERLIN, 2).start for n in range(12 * 8)]
    assert sorted(set(starts)) == [night.date() - timedelta(days=2), night.date() - timedelta(days=1)]
    assert starts == sorted(starts)


def test_readers_in_other_zones_have_other_days() -> None:
    at = datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert latest("daily", at, AUCKLAND, 8).start == date(2026, 11, 24)
    assert latest("daily", at, NEW_YORK, 8).start == date(2026, 11, 23)


@given(
    st.integers(1_577_836_800, 2_114_380_800),  # 2020 to 2037
    st.sampled_from(
        ["Europe/Berlin", "Asia/Beirut", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]
    ),
    st.integers(0, 23),
    st.sampled_from(["daily", "weekly"]),
)
def test_the_newest_period_is_over_and_due_and_the_next_is_not(
    second: int, zone: str, hour: int, kind: Kind
) -> None:
    at = datetime.fromtimestamp(second, UTC)
    period = latest(kind, at, ZoneInfo(zone), hour)
    after = covering(kind, period.last + timedelta(days=1), ZoneInfo(zone))
    assert period.until <= at
    assert period.due_at(hour) <= at < after.due_at(hour)
    assert after.since == period.until == midnight(after.start, ZoneInfo(zone))
