"""What an alert threshold costs: false alarms a day against urgent mentions missed, from labelled outcomes.

An outcome that people settled counts as they said; one that nobody judged counts by its calibrated
probability. So a lower threshold than today's can be priced although its alerts were never raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LOWEST, HIGHEST, STEPS = 0.05, 0.95, 91
GRID: Final = tuple(round(LOWEST + (HIGHEST - LOWEST) * step / (STEPS - 1), 2) for step in range(STEPS))
"""Thresholds that are tried."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One mention: P(level >= 2) as the model said, and whether it mattered; None = nobody judged."""

    chance: float
    mattered: bool | None = None

    @property
    def weight(self) -> float:
        """How much of an urgent mention it is, 0 to 1."""
        return self.chance if self.mattered is None else float(self.mattered)


@dataclass(frozen=True, slots=True)
class Price:
    """Of one threshold, per day: alerts raised, those that do not matter, urgent ones missed."""

    threshold: float
    alerts: float
    false_alarms: float
    missed: float
    caught: float
    """Share of the urgent mentions that raise an alert, 0 to 1; 1 when there are none."""


def price(outcomes: Sequence[Outcome], days: float, threshold: float) -> Price:
    """What a threshold would have cost on these outcomes of ``days`` days (> 0)."""
    raised = [item for item in outcomes if item.chance >= threshold]
    right = sum(item.weight for item in raised)
    urgent = sum(item.weight for item in outcomes)
    return Price(
        threshold=threshold,
        alerts=len(raised) / days,
        false_alarms=(len(raised) - right) / days,
        missed=(urgent - right) / days,
        caught=right / urgent if urgent else 1.0,
    )


def within(outcomes: Sequence[Outcome], days: float, false_alarms: float) -> Price:
    """The lowest threshold with at most so many false alarms a day; the highest there is if none has."""
    for threshold in GRID:
        found = price(outcomes, days, threshold)
        if found.false_alarms <= false_alarms:
            return found
    return price(outcomes, days, GRID[-1])
