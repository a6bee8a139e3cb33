"""Windows of one text become one verdict, and one text is run once."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.engine.onnx import Logits, OnnxEngine
from sentiment.engine.shipped import merge
from sentiment.reader import Reader


def logits(mood: float, urgent: float) -> Logits:
    return Logits(
        sentiment=np.array([mood, 0, 0], np.float32),
        urgency=np.array([urgent + 1, urgent, urgent - 1], np.float32),
        category=np.array([urgent, 0], np.float32),
        reply=np.array([-urgent], np.float32),
        vector=np.array([mood], np.float32),
        state=np.array([urgent], np.float32),
    )


def test_merging_takes_the_mean_mood_and_the_worst_urgency() -> None:
    merged = merge([(100, logits(1, 0)), (300, logits(2, 5))])
    assert merged.sentiment[0] == pytest.approx(1.75)
    assert merged.urgency.tolist() == [6, 5, 4]
    assert merged.category[0] == 5
    assert merged.reply[0] == 0
    assert merged.vector[0] == 2
    assert merged.state[0] == 5


def test_identical_texts_are_run_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    one = OnnxEngine.one

    def counted(self: OnnxEngine, ids: list[int], *, alone: bool = False) -> Logits:
        runs.append(len(ids))
        return one(self, ids, alone=alone)

    monkeypatch.setattr(OnnxEngine, "one", counted)
    found = reader.read(["same text", "other", "same  text", "same text"], reasons=False)
    assert len(runs) == 2
    assert found[0] == found[2] == found[3]


def test_a_text_that_breaks_the_tokenizer_is_marked_alone(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = type(reader._model.tokens).encode

    def fails(self: object, cleaned: list[str]) -> list[list[int]]:
        if any("poison" in text for text in cleaned):
            raise RuntimeError("tokenizer")
        return encode(self, cleaned)  # type: ignore[arg-type]

    monkeypatch.setattr(type(reader._model.tokens), "encode", fails)
    found = reader.read(["fine", "poison pill", "good", "bad"], reasons=False)
    assert [reading.error is None for reading in found] == [True, False, True, True]
