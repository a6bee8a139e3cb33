"""When a source was blind: only a poll that read all there was ends a gap."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from listener.coverage import Cause, Gap, gaps
from tests.listener.rooms import NOON

EVERY = timedelta(minutes=5)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def poll(minute: float, *, error: str | None = None, truncated: bool = False, ended: bool = True) -> Any:
    return SimpleNamespace(ended_at=at(minute) if ended else None, error=error, truncated=truncated)


def found(*polls: Any, until: float = 60, **more: Any) -> list[Gap]:
    return gaps(polls, since=NOON, at=at(until), every=EVERY, **more)


def test_polls_in_time_leave_no_gap() -> None:
    assert found(*(poll(minute) for minute in range(0, 61, 5))) == []
    assert (
        found(*(poll(minute) for minute in range(0, 61, 11))) == []
    )  # two distances and a minute are allowed


def test_a_gap_lasts_from_the_last_good_poll_to_the_next() -> None:
    polls = [
        poll(0),
        poll(5),
        poll(10, error="HTTP 500"),
        poll(20, error="HTTP 502"),
        poll(40),
        poll(45),
        poll(52),
    ]
    assert found(*polls) == [Gap(at(5), at(40), "HTTP 502", Cause.ERROR)]


def test_what_lasts_has_no_end() -> None:
    assert found(poll(0), poll(5)) == [Gap(at(5), None, "not polled", Cause.STOPPED)]
    assert found() == [Gap(NOON, None, "no poll yet", Cause.NEVER)]
    assert found(polled_before=True)[0].cause is Cause.STOPPED
    assert found(until=11) == []


def test_a_truncated_window_is_healed_by_the_poll_that_reads_the_rest() -> None:
    cut = [poll(5 + number, truncated=True) for number in range(14)]
    assert found(poll(0), *cut, poll(19), until=25) == [
        Gap(NOON, at(19), "more posts than one run may read", Cause.TRUNCATED)
    ]
    assert found(poll(0), *cut, until=25)[0].until is None
    assert found(poll(0), poll(5, truncated=True), poll(6), until=15) == []  # healed within a minute


def test_a_poll_that_died_heals_nothing() -> None:
    (gap,) = found(poll(0), poll(5, ended=False), poll(10, ended=False), until=20)
    assert (gap.since, gap.cause) == (NOON, Cause.HUNG)


@pytest.mark.parametrize(("until", "length"), [(None, 30), (at(10), 5)])
def test_the_length_of_a_gap(until: datetime | None, length: int) -> None:
    assert Gap(at(5), until, "", Cause.ERROR).length(at(35)) == timedelta(minutes=length)
