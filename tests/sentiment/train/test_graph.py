"""The exported graph says what the network says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from sentiment import base as base_file
from sentiment.train.graph import build, eight_bits
from sentiment.train.network import HEADS, Network, from_base


@pytest.fixture(scope="module")
def network(base: Path) -> Network:
    torch.manual_seed(1)
    return from_base(base_file.read(base / "e5-small-q4.bin")).eval()


@pytest.mark.parametrize(("eight_bit", "tolerance"), [(False, 2e-5), (True, 0.03)])
def test_graph_and_network_agree(base: Path, network: Network, *, eight_bit: bool, tolerance: float) -> None:
    shape = base_file.read(base / "e5-small-q4.bin").shape
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    model = build(weights, shape, network.taps, eight_bit=eight_bit)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    words = np.random.default_rng(5).normal(0, 1, (2, 9, 64)).astype(np.float32)
    names = [*HEADS, "vector"]
    found = session.run(names, {"words": words})
    with torch.no_grad():
        wanted = network(torch.from_numpy(words))
    for name, value in zip(names, found, strict=True):
        assert np.abs(value - wanted[name].numpy()).max() < tolerance, name
    (state,) = session.run(["state"], {"words": words})
    with torch.no_grad():
        seen = network.pooled(torch.from_numpy(words), None)[-1].numpy()
    assert np.abs(state - seen).max() < 10 * tolerance


def test_padding_changes_nothing(network: Network) -> None:
    words = torch.randn(2, 8, 64, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        alone = network(words[:1, :5])
        padded = network(words, torch.tensor([5, 8]))
    for name, value in alone.items():
        assert torch.allclose(value[0], padded[name][0], atol=1e-5), name


def test_bytes_and_scales_give_the_weights_back() -> None:
    weight = np.random.default_rng(2).normal(0, 1, (4, 128)).astype(np.float32)
    packed, scales = eight_bits(weight)
    back = (packed.astype(np.float32) - 128) * scales[:, :, None]
    assert np.abs(back.reshape(4, 128) - weight).max() <= scales.max() / 2 + 1e-6
