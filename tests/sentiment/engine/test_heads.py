"""Corrected heads are added to a whole model's, and only to the one they were learned on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sentiment.engine import heads, weights
from sentiment.engine.heads import Change, Heads
from sentiment.engine.onnx import Logits
from sentiment.errors import ModelError
from sentiment.reader import Reader

CHANGES = Heads({"urgency": Change(np.full((3, 384), 0.0, np.float32), np.array([9, 9, 9], np.float32))})


def folder(path: Path, encoder: str) -> Path:
    """A model that finds everything critical."""
    path.mkdir()
    CHANGES.save(path)
    own = weights.check(weights.SHIPPED)
    document = {"name": own.name, "version": "t", "calibration": own.calibration, "about": {},
                "base": {"folder": "default", "encoder": encoder}}  # fmt: skip
    (path / weights.CONFIG).write_text(json.dumps(document), encoding="utf-8")
    weights.seal(path)
    return path


def test_a_change_by_hand() -> None:
    logits = Logits(
        *(np.zeros(size, np.float32) for size in (3, 3, 13, 1, 4)), state=np.array([1, 2], np.float32)
    )
    change = Change(np.array([[1, 0], [0, 1], [1, 1]], np.float32), np.array([0, 0, 1], np.float32))
    found = Heads({"sentiment": change}).apply(logits)
    assert found.sentiment.tolist() == [1, 2, 4]
    assert found.urgency is logits.urgency


def test_it_reads_with_the_encoder_below(tmp_path: Path, reader: Reader) -> None:
    own = folder(tmp_path / "own", weights.digest(weights.SHIPPED / weights.ENCODER))
    (calm,) = reader.read(["Lovely weather today"], reasons=False)
    (loud,) = Reader.load(str(own), threads=1).read(["Lovely weather today"], reasons=False)
    assert (calm.urgency.level, loud.urgency.level) == (0, 3)
    assert loud.sentiment == calm.sentiment
    assert loud.vector == calm.vector
    assert loud.model == "allears-small-t"


def test_another_encoder_is_refused(tmp_path: Path) -> None:
    own = folder(tmp_path / "own", "0" * 64)
    with pytest.raises(ModelError, match=r"another encoder.*Train again.*model use default"):
        Reader.load(str(own))


def test_a_flipped_byte_and_a_missing_file_are_named(tmp_path: Path) -> None:
    own = folder(tmp_path / "own", weights.digest(weights.SHIPPED / weights.ENCODER))
    path = own / weights.HEADS
    raw = bytearray(path.read_bytes())
    raw[100] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(ModelError, match=r"damaged.*heads\.npz"):
        Reader.load(str(own))
    path.unlink()
    with pytest.raises(ModelError, match=r"missing.*heads\.npz"):
        Reader.load(str(own))


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / weights.HEADS).write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        heads.load(tmp_path)
