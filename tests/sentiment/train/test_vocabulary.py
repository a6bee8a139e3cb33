"""Trimming drops other scripts and changes nothing for those kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sentiment import base as base_file
from sentiment.engine.embeddings import Embeddings
from sentiment.engine.tokens import Tokens
from sentiment.train.vocabulary import trim
from tests.sentiment.small_base import PIECES


def test_texts_of_kept_scripts_have_the_same_pieces_and_rows(base: Path, tmp_path: Path) -> None:
    whole = base_file.read(base / "e5-small-q4.bin")
    kept = trim(whole, base / "tokenizer.json", tmp_path)
    assert kept == len(PIECES) - 1
    before, after = Tokens(base / "tokenizer.json"), Tokens(tmp_path / "tokenizer.json")
    table = Embeddings(tmp_path / "embeddings.bin")
    for text in ("my app is hacked", "плохо хорошо", "zebra"):
        old, new = before.encode([text])[0], after.encode([text])[0]
        assert np.array_equal(table.look_up(np.array(new)), base_file.unpack(whole.word[old], 64))
    assert 3 in after.encode(["漢字"])[0]
    assert 3 not in before.encode(["漢字"])[0]
