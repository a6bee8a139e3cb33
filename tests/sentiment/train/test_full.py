"""The full recipe on a tiny base: masked words, teachers, a student, an average; and where it goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from sentiment import base as base_file
from sentiment.cli import model
from sentiment.engine.embeddings import Embeddings
from sentiment.reader import Reader
from sentiment.train import distil, losses, masked, run
from sentiment.train.network import HEADS, from_base
from sentiment.train.words import PAD, Words
from tests.sentiment.train.test_losses import EVEN, outputs, targets


@pytest.fixture(scope="module")
def made(base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("full")
    run.train(base, data, work, run.Recipe(full=True, steps=2))
    return work


@pytest.fixture(scope="module")
def words(made: Path) -> Words:
    return Words(Embeddings(made / "embeddings.bin"), torch.device("cpu"))


def state(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["network"]  # type: ignore[no-any-return]


def test_every_stage_leaves_its_file_and_the_end_is_the_mean(made: Path) -> None:
    names = {path.name for path in made.glob("*.pt")}
    assert names >= {"adapted.pt", "student.pt", "checkpoint.pt", *(f"teacher-{n}.pt" for n in range(4))}
    runs = [state(made / f"run-{number}.pt") for number in range(3)]
    final = state(made / "checkpoint.pt")
    name = "layers.0.up.weight"
    assert torch.allclose(final[name], distil.mean([each[name] for each in runs]))
    assert not torch.equal(runs[0][name], runs[1][name])
    assert not list(made.glob("*.part"))


def test_a_stopped_full_run_makes_only_what_is_missing(base: Path, data: Path, made: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in made.glob("*.pt")}
    (made / "run-2.pt").unlink()
    run.train(base, data, made, run.Recipe(full=True, steps=2), resume=True)
    after = {path.name: path.stat().st_mtime_ns for path in made.glob("*.pt")}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"run-2.pt", "checkpoint.pt"}


def test_the_full_recipe_ships(base: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "made"
    command = [
        "train",
        "--full",
        "--batches",
        "1",
        "--base",
        str(base),
        "--data",
        str(data),
        "--out",
        str(out),
    ]
    done = CliRunner().invoke(model, command)
    assert done.exit_code == 0, done.output
    assert Reader.load(str(out), threads=1).read(["my app is good"], reasons=False)[0].error is None


def test_only_inner_pieces_are_hidden(words: Words) -> None:
    ids = [[0, 5, 6, 7, 2], [0, 8, 9, 2]]
    rng = np.random.default_rng(3)
    for _ in range(30):
        shown, lengths, (rows, cells), right, (hidden_rows, hidden_cells) = masked.hide(words, ids, rng)
        assert lengths.tolist() == [5, 4]
        for row, cell, piece in zip(rows.tolist(), cells.tolist(), right.tolist(), strict=True):
            assert 0 < cell < len(ids[row]) - 1
            assert ids[row][cell] == piece
        assert set(zip(hidden_rows.tolist(), hidden_cells.tolist(), strict=True)) <= set(
            zip(rows.tolist(), cells.tolist(), strict=True)
        )
        assert shown[1, 4] == PAD


def test_masked_words_are_learned(base: Path, words: Words) -> None:
    network = from_base(base_file.read(base / "e5-small-q4.bin"))
    ids = [[0, 5, 6, 7, 8, 9, 10, 2]] * 64
    seen: list[float] = []
    plan = masked.Plan(passes=30, rows=16, tokens=2000, peak=2e-3)
    masked.adapt(network, words, ids, plan, lambda progress: seen.append(progress.losses["masked"]))
    assert seen[-1] < seen[0] / 2


def test_what_teachers_say_teaches_without_labels() -> None:
    soft = torch.zeros(1, sum(HEADS.values()))
    soft[0, 0] = 1.0  # negative
    soft[0, 3:6] = 1.0  # level 3
    soft[0, 6] = 1.0  # the first category
    taught = replace(targets(), soft=soft)
    right = losses.loss(outputs([9, 0, 0], [9, 9, 9]), taught, EVEN)
    wrong = losses.loss(outputs([0, 0, 9], [-9, -9, -9]), taught, EVEN)
    assert right["sentiment"] < 0.1 < wrong["sentiment"]
    assert right["urgency"] < 0.1 < wrong["urgency"]


def test_chances_come_in_the_columns_of_soft_labels() -> None:
    said = losses.chances(outputs([9, 0, 0], [9, 9, -9]))
    assert said.shape == (1, sum(HEADS.values()))
    assert said[0, 0] > 0.99
    assert said[0, 3:6].round().tolist() == [1, 1, 0]
