"""What a preview says, as plain values, and how hits become reads a day and money. No database, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from listener.budget import Budget
from listener.channels import channel_type
from listener.query import Document, Query
from listener.settings import ListenerSettings

SHORTEST = timedelta(hours=1)  # of a span: three posts of one minute are not 4,320 a day
SAMPLES = 5
MONTH = 30  # days
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sample:
    """One hit. `why`: the parts of the queries that it satisfies, as written."""

    channel: str
    author: str
    text: str
    url: str | None
    posted_at: datetime
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What listening costs on a platform that bills reads: `reads` a day, expected. `source`: None = not saved yet."""

    source: str | None
    kind: str
    reads: float
    per_read: Decimal
    currency: str
    known_on: date
    budget: Budget | None = None

    @property
    def per_day(self) -> Decimal:
        """Money a day."""
        return (self.per_read * Decimal(str(self.reads))).quantize(_CENT)

    @property
    def per_month(self) -> Decimal:
        """Money in thirty days."""
        return (self.per_read * Decimal(str(self.reads)) * MONTH).quantize(_CENT)

    @property
    def share(self) -> float | None:
        """The reads of a day as a share of the budget of a day; None without a budget."""
        allowed = self.budget.per_day if self.budget else None
        return self.reads / allowed if allowed else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What queries find. `kind`: the platform that was asked, None = stored mentions.

    hits: among `tried` posts, or the platform's own number (`counted`). at_least: not all was looked at. span: the time
    over which the hits are spread. reads: what this preview itself was billed for.
    """

    kind: str | None
    hits: int
    tried: int
    span: timedelta
    at_least: bool = False
    counted: bool = False
    samples: tuple[Sample, ...] = ()
    reads: int = 0
    costs: tuple[Cost, ...] = ()

    @property
    def per_day(self) -> float:
        """Hits a day."""
        return self.hits / (max(self.span, SHORTEST) / timedelta(days=1))

    def as_json(self) -> dict[str, Any]:
        """Return the object that `source preview --json` prints; money is text, so that no cent is lost."""
        return {
            "channel": self.kind, "hits": self.hits, "tried": self.tried, "at_least": self.at_least,
            "counted_by_platform": self.counted, "days": round(self.span / timedelta(days=1), 2),
            "per_day": round(self.per_day, 1), "reads": self.reads,
            "samples": [
                {"channel": one.channel, "author": one.author, "text": one.text, "url": one.url,
                 "posted_at": one.posted_at.isoformat(), "why": list(one.why)}
                for one in self.samples
            ],
            "costs": [
                {"source": one.source, "channel": one.kind, "reads_per_day": round(one.reads, 1),
                 "per_day": str(one.per_day), "per_month": str(one.per_month), "currency": one.currency,
                 "per_read": str(one.per_read), "price_known_on": one.known_on.isoformat(),
                 "budget": one.budget.per_day if one.budget else None,
                 "budget_used_today": one.budget.used if one.budget else None,
                 "budget_share": None if one.share is None else round(one.share, 3)}
                for one in self.costs
            ],
        }  # fmt: skip


def cost(
    settings: ListenerSettings, kind: str, reads: float, *, source: str | None, day: Budget | None
) -> Cost | None:
    """Return what so many reads a day cost on a platform; None where reads are free. The settings' price wins."""
    price = channel_type(kind).price
    if price is None:
        return None
    per_read = settings.read_prices.get(kind, price.per_read)
    return Cost(source, kind, reads, per_read, price.currency, price.known_on, day)


def why(queries: Sequence[Query], document: Document) -> tuple[str, ...] | None:
    """Return the parts of the queries that a post satisfies, None when none of them matches."""
    found = [query for query in queries if query.matches(document)]
    if not found:
        return None
    return tuple(dict.fromkeys(part for query in found for part in query.why(document)))
