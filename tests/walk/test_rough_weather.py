"""Faults by the dice while posts come and authors leave: nothing is lost and nothing stored twice."""

from __future__ import annotations

import pytest

from benchmarks.faults import WAYS, Way
from benchmarks.soak import soak


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_when_the_weather_clears_everything_is_there_once(way: Way) -> None:
    found = soak(way, seed=7, rounds=15)
    assert found.errors > 0, "no fault struck"
    assert found.readable > 0
    assert (found.missed, found.doubled) == (0, 0)
