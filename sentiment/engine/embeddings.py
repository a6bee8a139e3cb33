"""Word-embedding rows, looked up in a memory-mapped file of 4-bit blocks.

File: magic ``AEQ4``, then uint32 rows, hidden size and 0 (little-endian), then the rows. Only the
rows a batch needs are read and de-quantised, so 170 thousand rows cost no memory to speak of.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from sentiment.base import BLOCK, BLOCK_BYTES, unpack
from sentiment.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAGIC = b"AEQ4"
HEADER = struct.Struct("<4s3I")


class Embeddings:
    """Rows of the embedding file; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Map the file. Raises ModelError when its size and its header disagree."""
        try:
            with path.open("rb") as file:
                head = file.read(HEADER.size)
            magic, self.rows, self.hidden, _ = HEADER.unpack(head)
            size = path.stat().st_size
        except (OSError, struct.error) as error:
            raise ModelError(
                f"the embedding file cannot be read ({error})",
                where=path,
                do="Restore the weights folder.",
            ) from error
        width = self.hidden // BLOCK * BLOCK_BYTES
        if magic != MAGIC or size != HEADER.size + self.rows * width:
            raise ModelError(
                "the embedding file is cut or of another format",
                where=path,
                do="Restore the weights folder.",
            )
        self._blocks = np.memmap(path, np.uint8, "r", offset=HEADER.size, shape=(self.rows, width))

    def look_up(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Embedding rows of ``ids`` (any shape) as float32 [..., hidden]."""
        unique, back = np.unique(ids, return_inverse=True)
        table = unpack(np.asarray(self._blocks[unique]), self.hidden)
        return table[back.reshape(ids.shape)]


def write(path: Path, blocks: NDArray[np.uint8]) -> None:
    """Write rows of blocks ([rows, hidden / 32 * 18] bytes) as an embedding file."""
    hidden = blocks.shape[1] // BLOCK_BYTES * BLOCK
    with path.open("wb") as file:
        file.write(HEADER.pack(MAGIC, blocks.shape[0], hidden, 0))
        file.write(blocks.tobytes())
