"""What a stream covered: when it was up, when it was down and why, and which poll made up for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from listener.errors import told
from listener.models import Poll, Source
from listener.streams.models import ATTENTION, UP, Stream
from listener.streams.state import spans

SHORT = timedelta(seconds=30)  # a reconnection that took less is not worth a line for people
LATEST = 5  # downtimes that are listed for people


@dataclass(frozen=True, slots=True)
class Down:
    """One time between two connections. `until` is None while it lasts; `healed`: when the poll ended that read what
    was missed, None before."""

    since: datetime
    until: datetime | None
    healed: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class StreamCover:
    """A source's stream over a period. state: up, down or attention, since then. new: mentions it heard first in the
    connections of the period."""

    state: str
    since: datetime | None
    error: str | None
    hint: str | None
    connections: int
    new: int
    down: list[Down]

    def as_json(self) -> dict[str, Any]:
        """Return the object inside that of `coverage --json`."""
        found = asdict(self) | {"since": _iso(self.since)}
        found["down"] = [
            {"from": _iso(one.since), "to": _iso(one.until), "healed": _iso(one.healed), "reason": one.reason}
            for one in self.down
        ]
        return found

    def lines(self) -> list[str]:
        """Return what `coverage` prints for people."""
        since = f" since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else ""
        named = "needs attention" if self.state == ATTENTION else self.state
        made = [f"  stream {named}{since}, {self.connections} connections, {self.new} new"]
        if self.error and self.state != UP:
            made.append(f"    {told(self.error, self.hint)}")
        long = [one for one in self.down if one.until is None or one.until - one.since > SHORT]
        for one in long[-LATEST:]:
            until = f"until {one.until:%H:%M}" if one.until else "still"
            healed = f", healed {one.healed:%Y-%m-%d %H:%M}" if one.healed else ", not healed yet"
            made.append(f"    down since {one.since:%Y-%m-%d %H:%M} UTC, {until}{healed}: {one.reason}")
        return made


def stream_of(session: Session, source: Source, *, since: datetime, at: datetime) -> StreamCover | None:
    """Return what the stream of a source did from `since` until `at`; None where it has none and had none."""
    found = spans(session, source.id, since=since, at=at)
    row = session.get(Stream, source.id)
    if not source.options.get("stream") and not found:
        return None
    good = [
        (begun, ended)
        for begun, ended in session.execute(
            select(Poll.started_at, Poll.ended_at)
            .where(
                Poll.source_id == source.id, Poll.started_at >= since, Poll.started_at <= at,
                Poll.ended_at.is_not(None), Poll.error.is_(None), Poll.truncated.is_(False), Poll.pushed.is_(False),
            )
            .order_by(Poll.started_at)
        )
        if ended is not None
    ]  # fmt: skip
    ends: list[tuple[datetime | None, datetime | None, str | None]]
    ends = [(one.ended_at, other.began_at, one.error) for one, other in pairwise(found)]
    if found and found[-1].ended_at is not None and source.options.get("stream"):
        ends.append((found[-1].ended_at, None, found[-1].error))
    down = [
        Down(begin, until, _healed(good, until), why or "ended by All Ears")
        for begin, until, why in ends
        if begin is not None
    ]
    state = row.state if row is not None else "down"
    return StreamCover(
        state, row.since if row else None, row.error if row else None, row.hint if row else None,
        len(found), sum(span.new for span in found), down,
    )  # fmt: skip


def _healed(good: list[tuple[datetime, datetime]], until: datetime | None) -> datetime | None:
    """Return when the first complete poll ended that began after the stream was back."""
    if until is None:
        return None
    return next((ended for begun, ended in good if begun >= until), None)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
