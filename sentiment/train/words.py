"""Word embeddings of a batch, on the device that trains.

On CUDA the whole table lies in the card's memory in half precision (a 4-bit weight loses nothing by it);
on a CPU only the rows a batch needs are read from the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.engine.embeddings import Embeddings

PAD = 1
_STEP = 8
"""On CUDA widths are rounded up to this, as its attention kernels like it."""


def bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is quicker than float32; a CPU without instructions for it only emulates it."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001 - torch offers no other way to ask


class Words:
    """The frozen word embeddings."""

    def __init__(self, table: Embeddings, device: torch.device) -> None:
        self.hidden = table.hidden
        self.rows = table.rows
        self.device = device
        self._table = table
        self._matrix: torch.Tensor | None = None
        if device.type == "cuda":
            self._matrix = torch.from_numpy(table.look_up(np.arange(table.rows))).half().to(device)

    def padded(self, ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Word embeddings [texts, longest, hidden] of token ids padded at the end, and lengths."""
        grid, lengths = self.grid(ids)
        return self.look_up(grid), torch.from_numpy(lengths).to(self.device)

    def grid(self, ids: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        """Token ids [texts, longest] padded at the end, and lengths [texts]."""
        lengths = np.array([len(item) for item in ids])
        width = int(lengths.max())
        if self._matrix is not None:
            width = -(-width // _STEP) * _STEP
        grid = np.full((len(ids), width), PAD, np.int64)
        for row, item in enumerate(ids):
            grid[row, : len(item)] = item
        return grid, lengths

    def look_up(self, grid: np.ndarray) -> torch.Tensor:
        """Embeddings of a grid of token ids, float32 on the device."""
        if self._matrix is None:
            return torch.from_numpy(self._table.look_up(grid))
        return self._matrix[torch.from_numpy(grid).to(self.device)].float()

    def matrix(self) -> torch.Tensor:
        """All rows [vocabulary, hidden], for the output of masked-word training."""
        if self._matrix is None:
            return torch.from_numpy(self._table.look_up(np.arange(self.rows)))
        return self._matrix
