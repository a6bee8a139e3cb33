"""Writes the network as an ONNX graph with 8-bit matrices, one node after another.

Activations are quantised per block of a row, never over a whole batch, so that a text's result
does not depend on its neighbours. The graph has no padding mask: the engine batches texts of one
length. Built by hand rather than traced: every node is there for a reason and none can creep in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sentiment.train.network import HEADS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sentiment.base import Shape

BLOCK = 64
"""Weights that share one scale; also the block of activations that share one."""
_OPSET = 21
_CONTRIB = "com.microsoft"

Weights = dict[str, "NDArray[np.float32]"]


class _Graph:
    """Nodes and initialisers as they are added."""

    def __init__(self, *, eight_bit: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.values: list[onnx.TensorProto] = []
        self.eight_bit = eight_bit
        self._count = 0

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.values.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **keys: Any) -> Any:
        self._count += 1
        names = [f"{kind}_{self._count}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **keys))
        return names[0] if outputs == 1 else names

    def linear(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """Multiply by an [out, in] matrix and add the bias."""
        shift = self.constant(f"{name}.bias", bias)
        if not self.eight_bit:
            product = self.node("MatMul", x, self.constant(f"{name}.weight", weight.T))
            return str(self.node("Add", product, shift))
        packed, scales = eight_bits(weight)
        rows, width = weight.shape
        product = self.node(
            "MatMulNBits",
            x,
            self.constant(f"{name}.weight", packed),
            self.constant(f"{name}.scale", scales),
            "",
            "",
            shift,
            domain=_CONTRIB,
            K=width,
            N=rows,
            bits=8,
            block_size=BLOCK,
            accuracy_level=4,
        )
        return str(product)


def eight_bits(
    weight: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Quantise [out, in] to bytes around 128 ([out, blocks, BLOCK]) and a scale per block."""
    rows, width = weight.shape
    blocks = weight.reshape(rows, width // BLOCK, BLOCK)
    scales = np.abs(blocks).max(axis=2) / 127.0
    scales = np.where(scales == 0, 1.0, scales).astype(np.float32)
    packed = np.clip(np.rint(blocks / scales[:, :, None]) + 128, 0, 255).astype(np.uint8)
    return packed, scales.reshape(-1) if scales.ndim == 1 else scales


def _norm(graph: _Graph, x: str, skip: str, name: str, weights: Weights, eps: float) -> str:
    names = graph.node(
        "SkipLayerNormalization",
        x,
        skip,
        graph.constant(f"{name}.weight", weights[f"{name}.weight"]),
        graph.constant(f"{name}.bias", weights[f"{name}.bias"]),
        domain=_CONTRIB,
        epsilon=eps,
    )
    return str(names)


def _layer(graph: _Graph, x: str, name: str, weights: Weights, shape: Shape) -> str:
    def linear(source: str, part: str) -> str:
        full = f"{name}.{part}"
        return graph.linear(source, full, weights[f"{full}.weight"], weights[f"{full}.bias"])

    query, key, value = graph.node("Split", linear(x, "qkv"), outputs=3, axis=2, num_outputs=3)
    mixed = graph.node("MultiHeadAttention", query, key, value, domain=_CONTRIB, num_heads=shape.heads)
    x = _norm(graph, linear(mixed, "out"), x, f"{name}.norm1", weights, shape.eps)
    # accuracy over speed: Gelu is the exact one, as in training
    inner = graph.node("Gelu", linear(x, "up"))
    return _norm(graph, linear(inner, "down"), x, f"{name}.norm2", weights, shape.eps)


def build(weights: Weights, shape: Shape, taps: list[int], *, eight_bit: bool = True) -> onnx.ModelProto:
    """The network's graph: ``words`` [batch, tokens, hidden] in, one output per head.

    The output ``state`` is what the heads see; corrections are learned on it. ``weights`` are the
    network's state by name; ``taps`` the layers whose mean feeds the vector.
    """
    graph = _Graph(eight_bit=eight_bit)
    positions = graph.constant("position", weights["position"])
    size = graph.node("Shape", "words", start=1, end=2)
    zero = graph.constant("zero", np.array([0], np.int64))
    x = graph.node("Add", "words", graph.node("Slice", positions, zero, size, zero))
    x = graph.node(
        "LayerNormalization",
        x,
        graph.constant("norm.weight", weights["norm.weight"]),
        graph.constant("norm.bias", weights["norm.bias"]),
        axis=-1,
        epsilon=shape.eps,
    )
    axis = graph.constant("token_axis", np.array([1], np.int64))
    means = []
    for index in range(shape.layers):
        x = _layer(graph, x, f"layers.{index}", weights, shape)
        if index in taps:
            means.append(graph.node("ReduceMean", x, axis, keepdims=0))
    graph.eight_bit = False  # the heads are small and decide: they stay in full precision
    outputs = []
    for name, width in HEADS.items():
        full = f"heads.{name}"
        made = graph.linear(means[-1], full, weights[f"{full}.weight"], weights[f"{full}.bias"])
        outputs.append((made, name, width))
    joined = graph.node("Concat", *means, axis=1)
    vector = graph.linear(joined, "vector", weights["vector.weight"], weights["vector.bias"])
    vector = graph.node("LpNormalization", vector, axis=1, p=2)
    outputs.append((vector, "vector", shape.hidden))
    outputs.append((means[-1], "state", shape.hidden))
    for made, name, _ in outputs:
        graph.nodes.append(helper.make_node("Identity", [made], [name]))
    words = helper.make_tensor_value_info("words", TensorProto.FLOAT, ["batch", "tokens", shape.hidden])
    results = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width]) for _, name, width in outputs
    ]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "all-ears", [words], results, graph.values),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)],
        producer_name="allears",
    )
    model.ir_version = 10
    return model


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write the graph; raises OSError when it cannot."""
    path.write_bytes(model.SerializeToString())
