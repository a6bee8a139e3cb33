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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentiment.engine.embeddings import Embeddings
    from sentiment.engine.tokens import Tokens
    from sentiment.train.network import Network

PREFIX = "query: "
"""The base was trained to compare texts that begin with this."""
_BATCH = 48


def bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is quicker than float32; a CPU without instructions for it only emulates it."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001 - torch offers no other way to ask


def vectors(
    base: Network, tokens: Tokens, table: Embeddings, texts: Sequence[str], *, size: int = 128
) -> NDArray[np.float32]:
    """Centred, normalised sentence vectors of the base, [texts, hidden], in the texts' order."""
    ids = [item[: size - 1] + item[-1:] for item in tokens.encode([PREFIX + clean(t) for t in texts])]
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    device = next(base.parameters()).device
    found = np.zeros((len(ids), table.hidden), np.float32)
    base.eval()
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16(device)):
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            words, lengths = padded([ids[index] for index in chosen], table)
            states = base.pooled(words.to(device), lengths.to(device))
            found[chosen] = functional.normalize(states[-1].float(), dim=1).cpu().numpy()
    found -= found.mean(axis=0)
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-9
    return found


def padded(ids: Sequence[Sequence[int]], table: Embeddings) -> tuple[torch.Tensor, torch.Tensor]:
    """Word embeddings [texts, longest, hidden] of token ids padded at the end, and lengths."""
    lengths = torch.tensor([len(item) for item in ids])
    grid = np.ones((len(ids), int(lengths.max())), np.int64)
    for row, item in enumerate(ids):
        grid[row, : len(item)] = item
    return torch.from_numpy(table.look_up(grid)), lengths
