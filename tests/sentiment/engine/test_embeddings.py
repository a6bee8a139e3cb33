"""Rows come back as they were packed, and a cut file is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sentiment.base import unpack
from sentiment.engine.embeddings import HEADER, Embeddings, write
from sentiment.errors import ModelError


def blocks() -> np.ndarray:
    made = np.random.default_rng(1).integers(0, 256, (6, 36), np.uint8)
    scales = np.array([0.5, 2.0], np.float16).view(np.uint8).reshape(2, 2)
    made[:, 0:2], made[:, 18:20] = scales[0], scales[1]
    return made


def test_unpacking_by_hand() -> None:
    row = unpack(blocks()[:1], 64)[0]
    raw = blocks()[0]
    assert row[0] == ((raw[2] & 15) - 8.0) * 0.5
    assert row[16] == ((raw[2] >> 4) - 8.0) * 0.5
    assert row[32] == ((raw[20] & 15) - 8.0) * 2.0


def test_rows_are_looked_up_in_any_shape(tmp_path: Path) -> None:
    write(tmp_path / "e.bin", blocks())
    table = Embeddings(tmp_path / "e.bin")
    assert (table.rows, table.hidden) == (6, 64)
    ids = np.array([[5, 0], [2, 5]])
    assert np.array_equal(table.look_up(ids), unpack(blocks(), 64)[ids])


@pytest.mark.parametrize("keep", [0, 3, HEADER.size, HEADER.size + 40])
def test_a_cut_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "e.bin"
    write(path, blocks())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"e\.bin"):
        Embeddings(path)
