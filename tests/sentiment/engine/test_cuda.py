"""The torch engine says what ONNX Runtime says; tried on the processor, which needs no card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sentiment.engine import cuda
from sentiment.engine.onnx import OUTPUTS, Logits, OnnxEngine
from sentiment.engine.weights import SHIPPED
from sentiment.reader import Reader

pytest.importorskip("torch")
pytest.importorskip("onnx")

TEXTS = ["My card was stolen", "Love it!", "Где мой заказ?", "thanks a lot for nothing, I waited two hours"]


@pytest.fixture(scope="module")
def engine() -> cuda.CudaEngine:
    return cuda.CudaEngine(SHIPPED, device="cpu")


def test_both_engines_agree(engine: cuda.CudaEngine, reader: Reader) -> None:
    items = reader._model.tokens.encode(TEXTS)
    wanted, found = OnnxEngine(SHIPPED, threads=1).run(items), engine.run(items)
    for one, two in zip(wanted, found, strict=True):
        assert isinstance(one, Logits)
        assert isinstance(two, Logits)
        for name in OUTPUTS:  # activations are rounded to 8 bits in one of them
            assert np.abs(getattr(one, name) - getattr(two, name)).max() < 0.35, name
        assert one.vector @ two.vector > 0.99


def test_a_window_that_fails_is_found_by_halving(
    engine: cuda.CudaEngine, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = reader._model.tokens.encode(["good", "poor", "late", "fast"])
    assert len({len(item) for item in items}) == 1
    whole = engine._batch

    def fails(part: list[list[int]]) -> list[Logits]:
        if items[2] in part:
            raise RuntimeError("kernel")
        return whole(part)

    monkeypatch.setattr(engine, "_batch", fails)
    found = engine.run(items)
    assert [isinstance(item, Logits) for item in found] == [True, True, False, True]


def test_without_a_card_onnx_runs(reader: Reader) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("this machine has a card")
    assert not cuda.present()
    assert isinstance(reader._model.engine, OnnxEngine)
