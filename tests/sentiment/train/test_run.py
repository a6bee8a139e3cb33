"""The whole of `allears model train`, on a tiny base: it learns, stops, goes on and ships."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from sentiment.cli import model
from sentiment.errors import DataError
from sentiment.reader import Reader
from sentiment.train import run


def test_one_command_makes_a_model_that_reads(base: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "made"
    done = CliRunner().invoke(
        model,
        ["train", "--base", str(base), "--data", str(data), "--out", str(out), "--version", "test"],
    )
    assert done.exit_code == 0, done.output
    reader = Reader.load(str(out), threads=1)
    assert reader.name == "allears-small-test"
    calm, hacked = reader.read(["my app is good", "my app is hacked the"], reasons=False)
    assert hacked.urgency.score > calm.urgency.score
    assert "batches" in done.stderr


def test_a_stopped_run_goes_on(base: Path, data: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    recipe = run.Recipe(steps=3)
    run.train(base, data, tmp_path, recipe, report=lambda p: seen.append(p.done))
    before = torch.load(tmp_path / run.CHECKPOINT, weights_only=True)
    assert before["step"] == 3
    run.train(base, data, tmp_path, run.Recipe(steps=6), resume=True, report=lambda p: seen.append(p.done))
    after = torch.load(tmp_path / run.CHECKPOINT, weights_only=True)
    assert after["step"] == 6
    assert after["elapsed"] > before["elapsed"]
    assert seen == [1, 3, 6]


def test_the_same_seed_makes_the_same_weights(base: Path, data: Path, tmp_path: Path) -> None:
    states = []
    for name in ("one", "two"):
        path = run.train(base, data, tmp_path / name, run.Recipe(steps=4))
        states.append(torch.load(path, weights_only=True)["network"])
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [run.rate(share, 0.1) for share in (0.0, 0.05, 0.1, 0.55, 1.0)]
    assert rates == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0])


def test_a_data_folder_without_sets_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sets"):
        run.train(base, tmp_path / "none", tmp_path / "work", run.Recipe(steps=1))
