"""A damaged model is noticed before it scores anything."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sentiment.engine import weights
from sentiment.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*weights.FILES, weights.MANIFEST):
        (tmp_path / name).write_bytes(b"{}")
    shutil.copy(weights.SHIPPED / weights.CONFIG, tmp_path)
    weights.seal(tmp_path)
    return tmp_path


def test_the_shipped_model_is_whole() -> None:
    config = weights.check(weights.SHIPPED)
    assert config.name == "allears-small"


def test_a_sealed_folder_passes(folder: Path) -> None:
    assert weights.check(folder).calibration["thresholds"]


@pytest.mark.parametrize("name", weights.FILES)
def test_a_flipped_byte_is_named(folder: Path, name: str) -> None:
    raw = bytearray((folder / name).read_bytes())
    raw[-1] ^= 1
    (folder / name).write_bytes(bytes(raw))
    with pytest.raises(ModelError, match=rf"damaged.*{name}.*Restore"):
        weights.check(folder)


@pytest.mark.parametrize("name", [*weights.FILES, weights.MANIFEST])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        weights.check(folder)


def test_the_fast_model_borrows_what_is_the_same() -> None:
    assert weights.check(weights.FAST).name == "allears-fast"
    assert not (weights.FAST / weights.EMBEDDINGS).exists()
    assert weights.locate(weights.FAST, weights.EMBEDDINGS) == weights.SHIPPED / weights.EMBEDDINGS
    assert weights.locate(weights.FAST, weights.ENCODER) == weights.FAST / weights.ENCODER


def test_another_file_is_not_borrowed(folder: Path) -> None:
    (folder / weights.TOKENIZER).unlink()
    with pytest.raises(ModelError, match=rf"missing, and the shipped model's is another one.*{folder}"):
        weights.check(folder)


def test_another_format_is_refused(folder: Path) -> None:
    (folder / weights.MANIFEST).write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(ModelError, match="format 99, this version reads 1"):
        weights.check(folder)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model here"):
        weights.check(tmp_path / "none")
