"""The base file is read exactly, and anything else is refused with what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sentiment import base
from sentiment.errors import ModelError
from tests.sentiment.small_base import HIDDEN, LAYERS, PIECES, write_base


def test_shape_words_and_matrices(tmp_path: Path) -> None:
    expected = write_base(tmp_path)
    found = base.read(tmp_path / "e5-small-q4.bin")
    assert (found.shape.hidden, found.shape.layers, found.shape.positions) == (HIDDEN, LAYERS, 512)
    assert found.word.shape == (len(PIECES) + 1, HIDDEN // 32 * 18)
    for name, value in expected.items():
        assert found.tensors[name].shape == value.shape
        assert np.array_equal(found.tensors[name], value)


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    write_base(tmp_path)
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ModelError, match="cut or damaged"):
        base.read(path)


def test_another_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "e5-small-q4.bin"
    with pytest.raises(ModelError, match="cannot be read"):
        base.read(path)
    path.write_bytes(b"GGUF" * 10)
    with pytest.raises(ModelError, match="not a 4-bit E5 base file"):
        base.read(path)
