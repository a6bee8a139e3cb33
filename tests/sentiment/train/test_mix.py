"""What a run sees: caps, passes, nothing that is held out, nothing that was left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment import data as labelled
from sentiment.errors import DataError
from sentiment.train import batches, mix

OWN = {"made", "written.json"}


def test_nothing_held_out_is_in_the_mix(data: Path) -> None:
    samples = mix.compose(data)
    assert samples
    dev = {labelled.fingerprint(row.text) for row in labelled.read_urgency(data, "dev")}
    for sample in samples:
        if sample.row.source not in OWN:
            assert not labelled.held_out(sample.row.id)
            assert labelled.fingerprint(sample.row.text) not in dev


def test_people_outweigh_maps(data: Path) -> None:
    samples = mix.compose(data)
    by_people = [sample for sample in samples if sample.row.source == "made"]
    assert {sample.urgency_weight for sample in by_people} == {1.0}
    assert {sample.passes for sample in by_people} == {mix.QUICK.urgency}
    assert all(s.urgency_weight == mix.WEAK_WEIGHT for s in samples if s.row.source not in OWN)


def test_sets_can_be_left_out(data: Path) -> None:
    sources = {sample.row.source for sample in mix.compose(data, leave_out=["airline_tweets"])}
    assert sources == {"umsab_en", "made", "written.json"}
    sources = {sample.row.source for sample in mix.compose(data, leave_out=["written", "urgency"])}
    assert sources == {"umsab_en", "airline_tweets"}
    with pytest.raises(DataError, match="no set named airlines; there are airline_tweets, umsab_en"):
        mix.compose(data, leave_out=["airlines"])


def test_a_draw_is_always_the_same() -> None:
    rows = [labelled.Row(str(number), "s", "en", "tweet", "x") for number in range(100)]
    assert mix.draw(rows, 10) == mix.draw(list(reversed(rows)), 10)
    assert len(mix.draw(rows, 10)) == 10


def test_a_plan_has_every_sample_as_often_as_it_should(data: Path) -> None:
    samples = mix.compose(data)
    prepared = batches.Prepared(samples, [[0] * (5 + number % 40) for number in range(len(samples))], {})
    plan = batches.plan(prepared, 7)
    assert plan == batches.plan(prepared, 7)
    assert plan != batches.plan(prepared, 8)
    seen = [number for batch in plan for number in batch]
    for number, sample in enumerate(samples):
        assert seen.count(number) == sample.passes
    for batch in plan:
        longest = max(len(prepared.ids[number]) for number in batch)
        assert len(batch) <= batches.BATCH_ROWS
        assert len(batch) * longest <= batches.BATCH_TOKENS
