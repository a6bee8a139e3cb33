"""Runs the shipped encoder with torch on a CUDA card, where there is one; the same interface as ``OnnxEngine``.

The 8-bit matrices of ``encoder.onnx`` are unpacked once. Windows of one length go together, so nothing is
padded; a card's kernels may still differ in the sixth digit between batch sizes, which logits are rounded past.
torch and onnx are imported here and only where a card is present.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sentiment.base import Shape
from sentiment.engine import weights
from sentiment.engine.embeddings import Embeddings
from sentiment.engine.onnx import OUTPUTS, Logits
from sentiment.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKENS: Final = 16_384
"""Of one batch on the card."""
_DECIMALS: Final = 3
_MIDDLE = 128.0


def present() -> bool:
    """Whether torch, onnx and an NVIDIA card are there; imports nothing, so that a start without stays quick."""
    if not Path("/dev/nvidiactl").exists():
        return False
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "onnx"))


class CudaEngine:
    """One encoder on a card; torch serialises calls from several threads."""

    def __init__(self, folder: Path, *, device: str = "cuda") -> None:
        """Load encoder and embeddings. Raises ModelError when the graph is not one of ours."""
        import torch  # noqa: PLC0415 - heavy, and only where it is used

        from sentiment.train.network import Network  # noqa: PLC0415

        self._torch: Any = torch
        self._device = device
        self._table = Embeddings(weights.locate(folder, weights.EMBEDDINGS))
        try:
            values, shape = unpacked(folder / weights.ENCODER)
            self._network: Any = Network(shape)
            self._network.load_state_dict(
                {name: torch.from_numpy(value.copy()) for name, value in values.items()}
            )
        except (KeyError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"torch cannot take the encoder ({type(error).__name__})",
                where=folder / weights.ENCODER,
                do="Restore the weights folder.",
            ) from error
        self._network.to(device).eval()

    def run(self, items: Sequence[Sequence[int]]) -> list[Logits | Exception]:
        """Logits for windows of token ids, in order; the exception for one that failed."""
        results: list[Logits | Exception] = [RuntimeError("not run")] * len(items)
        lengths: dict[int, list[int]] = {}
        for index, item in enumerate(items):
            lengths.setdefault(len(item), []).append(index)
        for length, mine in lengths.items():
            size = max(1, _TOKENS // length)
            for start in range(0, len(mine), size):
                self._attempt(items, mine[start : start + size], results)
        return results

    def _attempt(
        self, items: Sequence[Sequence[int]], chosen: Sequence[int], results: list[Logits | Exception]
    ) -> None:
        """Run some windows together; when that fails, halve until the one that fails is alone."""
        try:
            found = self._batch([items[index] for index in chosen])
        except Exception as error:  # noqa: BLE001 - handed to the caller, who marks the text
            if len(chosen) == 1:
                results[chosen[0]] = error
                return
            middle = len(chosen) // 2
            self._attempt(items, chosen[:middle], results)
            self._attempt(items, chosen[middle:], results)
            return
        for index, logits in zip(chosen, found, strict=True):
            results[index] = logits

    def _batch(self, items: Sequence[Sequence[int]]) -> list[Logits]:
        words = self._torch.from_numpy(self._table.look_up(np.asarray(items, np.int64))).to(self._device)
        with self._torch.inference_mode():
            outputs = dict(self._network(words))
            outputs["state"] = self._network.pooled(words, None)[-1]
        arrays = {name: np.round(outputs[name].float().cpu().numpy(), _DECIMALS) for name in OUTPUTS}
        return [Logits(*(arrays[name][row] for name in OUTPUTS)) for row in range(len(items))]


def unpacked(path: Path) -> tuple[dict[str, np.ndarray[Any, np.dtype[np.float32]]], Shape]:
    """The network's state by name and its shape, from the graph that ``train/graph.py`` wrote."""
    import onnx  # noqa: PLC0415 - only where it is used
    from onnx import numpy_helper  # noqa: PLC0415

    graph = onnx.load(str(path)).graph
    stored = {value.name: numpy_helper.to_array(value) for value in graph.initializer}
    state: dict[str, np.ndarray[Any, np.dtype[np.float32]]] = {}
    for name, value in stored.items():
        if f"{name.removesuffix('weight')}scale" in stored and name.endswith(".weight"):
            scales = stored[f"{name.removesuffix('weight')}scale"].reshape(value.shape[0], value.shape[1], 1)
            state[name] = ((value.astype(np.float32) - _MIDDLE) * scales).reshape(len(value), -1)
        elif name.startswith(("heads.", "vector.")) and name.endswith(".weight"):
            state[name] = np.ascontiguousarray(value.T)  # stored as the right-hand side of a product
        elif value.dtype == np.float32 and not name.endswith(".scale"):
            state[name] = value
    layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
    heads = next(
        attribute.i for node in graph.node if node.op_type == "MultiHeadAttention"
        for attribute in node.attribute if attribute.name == "num_heads"
    )  # fmt: skip
    epsilon = next(
        attribute.f for node in graph.node if node.op_type == "SkipLayerNormalization"
        for attribute in node.attribute if attribute.name == "epsilon"
    )  # fmt: skip
    positions, hidden = state["position"].shape
    ffn = len(state["layers.0.up.bias"])
    return state, Shape(hidden, layers, heads, ffn, 0, positions, float(epsilon))
