"""When a source was blind: the times in which posts may have been missed for now. No database.

From the last good poll until the next one, when that is longer than two polls' distance. A good poll ended without an
error and read all there was; it heals what lies before it, because every cursor resumes at the oldest post that was
not stored. What is pushed to us (webhooks, files) proves nothing of what else there was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

SLACK = timedelta(seconds=60)  # a poll that is this late is not worth a word


class Cause(StrEnum):
    """Why a source was blind."""

    NEVER = "never"
    STOPPED = "stopped"
    ERROR = "error"
    TRUNCATED = "truncated"
    HUNG = "hung"


REASONS = {
    Cause.NEVER: "no poll yet",
    Cause.STOPPED: "not polled",
    Cause.TRUNCATED: "more posts than one run may read",
    Cause.HUNG: "a poll did not end",
}


class Gap(NamedTuple):
    """One blind time; `until` is None while it lasts, else when it was healed. `reason` is for people, in English."""

    since: datetime
    until: datetime | None
    reason: str
    cause: Cause

    def length(self, at: datetime) -> timedelta:
        """Return how long it lasted, or has lasted at `at`."""
        return (self.until or at) - self.since


class Polled(Protocol):
    """What is looked at of a poll."""

    @property
    def ended_at(self) -> datetime | None:
        """None when it died or still runs."""

    @property
    def error(self) -> str | None:
        """What the platform said."""

    @property
    def truncated(self) -> bool:
        """Whether there was more to read."""


def gaps(
    polls: Iterable[Polled],
    *,
    since: datetime,
    at: datetime,
    every: timedelta,
    polled_before: bool = False,
    streamed: Sequence[tuple[datetime, datetime]] = (),
) -> list[Gap]:
    """Return the blind times in [since, at], oldest first. `polls` in the order in which they began, without pushed
    ones; `polled_before`: there was one before `since`, so that a silence from there on is no first poll's.

    streamed: when a stream was up, oldest first. Then nothing is missed although polls are few; what was said while it
    was down waits for the poll that heals the whole gap.
    """
    found: list[Gap] = []
    good_until = since
    cause, reason = _of(Cause.STOPPED if polled_before else Cause.NEVER)
    allowed = 2 * every + SLACK
    for poll in polls:
        if poll.ended_at is not None and poll.error is None and not poll.truncated:
            if poll.ended_at - good_until > allowed:
                found.append(Gap(good_until, poll.ended_at, reason, cause))
            good_until = max(good_until, poll.ended_at)
            cause, reason = _of(Cause.STOPPED)
        elif poll.error is not None:
            cause, reason = Cause.ERROR, poll.error
        else:
            cause, reason = _of(Cause.TRUNCATED if poll.truncated else Cause.HUNG)
    if at - good_until > allowed:
        found.append(Gap(good_until, None, reason, cause))
    return [left for gap in found if (left := _without(gap, streamed, at, allowed)) is not None]


def _without(
    gap: Gap, streamed: Sequence[tuple[datetime, datetime]], at: datetime, allowed: timedelta
) -> Gap | None:
    """Return a gap from the first time on that no stream covers, None where each of those is short."""
    deaf_from = gap.since
    for begin, end in streamed:
        if end > deaf_from and begin < (gap.until or at):
            if begin - deaf_from > allowed:
                break
            deaf_from = max(deaf_from, end)
    return gap._replace(since=deaf_from) if (gap.until or at) - deaf_from > allowed else None


def _of(cause: Cause) -> tuple[Cause, str]:
    return cause, REASONS[cause]
