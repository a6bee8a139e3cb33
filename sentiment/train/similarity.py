"""The similarity vector's last step: the best linear map from the finished encoder's states to the base's vectors.

Gradient steps move the map while the encoder still moves under it; once the encoder stands still the map has a
closed form (ridge regression), which is better and takes a minute.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentiment.train.batches import Prepared
    from sentiment.train.network import Network
    from sentiment.train.words import Words

MOST = 6000
"""Texts that the map is fitted on."""
RIDGE = 1e-3
"""Relative to the mean square of the states."""
_BATCH = 48


def fit(network: Network, prepared: Prepared, words: Words, seed: int) -> None:
    """Replace the network's map to the vector by the one that fits the base's vectors best."""
    numbers = sorted(prepared.vectors)
    random.Random(seed).shuffle(numbers)  # noqa: S311 - a sample, not a secret
    chosen = numbers[:MOST]
    if not chosen:
        return
    states = features(network, [prepared.ids[number] for number in chosen], words)
    goals = np.stack([prepared.vectors[number] for number in chosen]).astype(np.float64)
    matrix, shift = ridge(states, goals)
    with torch.no_grad():
        network.vector.weight.copy_(torch.from_numpy(matrix))
        network.vector.bias.copy_(torch.from_numpy(shift))


def features(network: Network, ids: Sequence[Sequence[int]], words: Words) -> NDArray[np.float64]:
    """The tapped layers' mean states side by side, [texts, layers x hidden], in the texts' order."""
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    found: NDArray[np.float64] | None = None
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            means = network.pooled(*words.padded([ids[index] for index in chosen]))
            states = torch.cat(means, dim=1).double().cpu().numpy()
            if found is None:
                found = np.zeros((len(ids), states.shape[1]))
            found[chosen] = states
    if found is None:
        raise ValueError("no texts")
    return found


def ridge(
    states: NDArray[np.float64], goals: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Matrix [outputs, inputs] and shift with the least squared error plus a little shrinkage."""
    middle, aim = states.mean(axis=0), goals.mean(axis=0)
    centred = states - middle
    square = centred.T @ centred
    square += np.eye(len(square)) * RIDGE * np.trace(square) / len(square)
    matrix = np.linalg.solve(square, centred.T @ (goals - aim)).T
    return matrix.astype(np.float32), (aim - matrix @ middle).astype(np.float32)
