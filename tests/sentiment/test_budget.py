"""Thresholds are priced by what people said, and by probability where nobody did."""

from __future__ import annotations

import pytest

from sentiment.budget import GRID, Outcome, price, within

JUDGED = [Outcome(0.9, mattered=True), Outcome(0.7, mattered=False), Outcome(0.5, mattered=True),
          Outcome(0.3, mattered=False), Outcome(0.2, mattered=True)]  # fmt: skip


def test_a_price_by_hand() -> None:
    found = price(JUDGED, 2, 0.4)
    assert (found.alerts, found.false_alarms, found.missed) == (1.5, 0.5, 0.5)
    assert found.caught == pytest.approx(2 / 3)


def test_what_nobody_judged_counts_by_its_probability() -> None:
    found = price([Outcome(0.8), Outcome(0.2)], 1, 0.5)
    assert found.false_alarms == pytest.approx(0.2)
    assert found.missed == pytest.approx(0.2)
    assert found.caught == pytest.approx(0.8)


def test_the_lowest_threshold_within_the_budget() -> None:
    assert within(JUDGED, 1, 5).threshold == GRID[0]
    assert within(JUDGED, 1, 1).threshold == 0.31
    assert within(JUDGED, 1, 0).threshold == 0.71
    assert within(JUDGED, 10, 0.1).threshold == 0.31


def test_a_budget_that_cannot_be_kept() -> None:
    found = within([Outcome(0.99, mattered=False)], 1, 0)
    assert (found.threshold, found.false_alarms) == (GRID[-1], 1)


def test_nothing_urgent() -> None:
    assert price([Outcome(0.1, mattered=False)], 1, 0.5).caught == 1
