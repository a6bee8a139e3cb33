"""Faults by the dice while posts come and authors leave: nothing is lost and nothing stored twice."""

from __future__ import annotations

import pytest

from benchmarks._stage import WAYS, Way
from benchmarks.soak import REPLIES, answer, soak


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_when_the_weather_clears_everything_is_there_once(way: Way) -> None:
    found = soak(way, seed=7, rounds=15)
    assert found.errors > 0, "no fault struck"
    assert found.readable > 0
    assert (found.missed, found.doubled) == (0, 0)


@pytest.mark.parametrize("way", [way for way in WAYS if way.answering], ids=lambda way: way.name)
def test_each_reply_is_public_once_or_known_to_have_failed(way: Way) -> None:
    found = answer(way, seed=7)
    assert found.struck > REPLIES // 2, "too few faults struck"
    assert found.wrong == []
    assert found.once >= REPLIES // 2
