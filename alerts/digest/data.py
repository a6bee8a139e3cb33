"""What a digest says, as plain values: made by `build`, shown by `render`. No session, no text of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alerts.digest.periods import Period
from alerts.kpi import Figures


@dataclass(frozen=True, slots=True)
class Counts:
    """Mentions of one span: all, those with a score, and of these the negative ones."""

    mentions: int = 0
    scored: int = 0
    negative: int = 0

    @property
    def share(self) -> float | None:
        """Negative of scored, 0-1; None when nothing was scored."""
        return self.negative / self.scored if self.scored else None


@dataclass(frozen=True, slots=True)
class Day:
    """One bar of the chart."""

    day: date
    counts: Counts


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a brand on a channel."""

    brand_id: int
    brand: str
    channel: str
    counts: Counts
    alerts: int
    first_response: timedelta | None  # median


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that nobody has answered yet."""

    id: int
    level: int
    brand: str
    channel: str
    author: str
    text: str
    posted_at: datetime
    due_at: datetime | None
    category: str
    over: timedelta | None  # by how much it is past due


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a first answer now."""

    alerts: int
    overdue: int
    critical: int
    worst: tuple[Open, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """An incident of the period."""

    id: int
    title: str
    brand: str
    category: str
    alerts: int  # raised by posts of this period
    open: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a source was blind, or said more than could be read.

    healed: all that was written meanwhile has been read; `until` is when, None while it lasts. `source`: its name.
    """

    source: str
    channel: str
    since: datetime
    until: datetime | None
    truncated: bool = False

    @property
    def healed(self) -> bool:
        """Whether nothing is missing any more."""
        return self.until is not None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether the numbers can be believed: sources that should have been heard, and what is missing."""

    sources: int
    polls: int
    gaps: tuple[Gap, ...]
    joined: int = 0  # sources that were connected after the period and have read back since

    @property
    def silent(self) -> int:
        """How many sources are blind still: of these something may be missing."""
        return len({gap.source for gap in self.gaps if not gap.healed})

    @property
    def alarming(self) -> bool:
        """Whether this alone is worth a mail: something may be missing, or came so late that somebody wonders."""
        return any(gap.until is None or gap.until - gap.since >= timedelta(hours=1) for gap in self.gaps)

    @property
    def healed(self) -> int:
        """How many sources were blind for a while, and all of it has been read since."""
        return len({gap.source for gap in self.gaps}) - self.silent


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom it is for."""

    id: int
    email: str
    name: str
    locale: str


@dataclass(frozen=True, slots=True)
class DigestData:
    """One digest."""

    reader: Reader
    period: Period
    made_at: datetime
    brands: tuple[str, ...]
    total: Counts
    before: Counts  # the period before
    late: int  # heard in this period, but posted before it
    answers: Figures
    waiting: Waiting
    incidents: tuple[Trouble, ...]
    rows: tuple[Row, ...]
    days: tuple[Day, ...]
    coverage: Coverage

    @property
    def quiet(self) -> bool:
        """True when there is nothing to tell: no mail then. Silence that is *our* fault is something to tell."""
        heard = self.total.mentions or self.late
        return not (heard or self.answers.alerts or self.waiting.alerts or self.coverage.alarming)
