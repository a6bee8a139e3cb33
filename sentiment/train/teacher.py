"""Target of the similarity vector: what the untouched base says about a text.

The base's vectors all lie in one narrow cone, so the mean is taken off before they are normalised;
what remains is what tells texts apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from sentiment.engine.tokens import clean
from sentiment.train.words import bfloat16

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentiment.engine.tokens import Tokens
    from sentiment.train.network import Network
    from sentiment.train.words import Words

PREFIX = "query: "
"""The base was trained to compare texts that begin with this."""
_BATCH = 48


def encode(tokens: Tokens, texts: Sequence[str], *, size: int = 128) -> list[list[int]]:
    """Token ids of texts as the base wants them, cut to ``size``."""
    return [item[: size - 1] + item[-1:] for item in tokens.encode([PREFIX + clean(t) for t in texts])]


def vectors(base: Network, words: Words, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """Centred, normalised sentence vectors of the base, [texts, hidden], for ids of `encode`."""
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    device = words.device
    found = np.zeros((len(ids), words.hidden), np.float32)
    base.eval()
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16(device)):
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            states = base.pooled(*words.padded([ids[index] for index in chosen]))
            found[chosen] = functional.normalize(states[-1].float(), dim=1).cpu().numpy()
    found -= found.mean(axis=0)
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-9
    return found
