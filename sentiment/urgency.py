"""From calibrated steps to a level and a score; what "urgent" is, is decided by the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Urgency:
    """How soon a human must act: level 0 to 3, ``score`` = P(level >= 2), and P of each level."""

    level: int
    score: float
    levels: tuple[float, float, float, float]


NONE = Urgency(0, 0.0, (1.0, 0.0, 0.0, 0.0))
"""Of an empty text."""


def from_steps(steps: Sequence[float], thresholds: Sequence[float]) -> Urgency:
    """Urgency from P(>= 1), P(>= 2), P(>= 3) and the threshold of each step.

    The level is the highest step that is reached, so that a likely critical is not averaged away
    by being an unlikely "exactly 2".
    """
    first, second, third = (float(step) for step in steps)
    level = 0
    for step, (chance, cut) in enumerate(zip(steps, thresholds, strict=True), 1):
        if chance >= cut:
            level = step
    return Urgency(level, second, (1.0 - first, first - second, second - third, third))
