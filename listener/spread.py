"""How far a post has spread, in steps: a handful of likes is nobody's business, the next step is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STEPS = (20, 100, 500, 2_500, 12_500)  # reactions: likes, answers, reposts, whatever the platform counts
WIDE = 2  # the step from which many people have seen it


def reactions(engagement: Mapping[str, Any]) -> int:
    """Return the sum of what a platform counts."""
    return sum(int(count) for count in engagement.values() if isinstance(count, int | float))


def step(engagement: Mapping[str, Any]) -> int:
    """Return the number of STEPS that a post has reached, 0 for one that few have reacted to."""
    return sum(reactions(engagement) >= at_least for at_least in STEPS)
