"""Steps become one level and four probabilities."""

from __future__ import annotations

import pytest

from sentiment.urgency import NONE, from_steps

CUTS = (0.5, 0.4, 0.3)


@pytest.mark.parametrize(
    ("steps", "level"),
    [((0.1, 0.05, 0.01), 0), ((0.6, 0.2, 0.1), 1), ((0.9, 0.4, 0.1), 2), ((0.9, 0.39, 0.3), 3)],
)
def test_the_highest_step_reached_is_the_level(steps: tuple[float, float, float], level: int) -> None:
    assert from_steps(steps, CUTS).level == level


def test_levels_add_up_and_the_score_is_level_two_or_more() -> None:
    found = from_steps((0.9, 0.4, 0.1), CUTS)
    assert found.levels == pytest.approx((0.1, 0.5, 0.3, 0.1))
    assert found.score == pytest.approx(0.4)
    assert sum(NONE.levels) == 1.0
