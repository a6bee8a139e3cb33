"""Samples to batches: tokenised once, sorted by length within chunks, shuffled by a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from sentiment.data import is_labelled
from sentiment.engine.tokens import Tokens, clean
from sentiment.labels import CATEGORIES
from sentiment.train.losses import UNKNOWN, Targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentiment.train.mix import Sample

BATCH_ROWS = 40
BATCH_TOKENS = 1600
_CHUNK = 40
"""Batches' worth of samples that are sorted by length together."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Samples with their token ids and, where drawn for it, the base's vector."""

    samples: list[Sample]
    ids: list[list[int]]
    vectors: dict[int, NDArray[np.float32]]
    soft: NDArray[np.float16] | None = None
    """What the teachers say of every sample, one column per output of `network.HEADS`."""


def prepare(samples: list[Sample], tokens: Tokens, vectors: dict[int, NDArray[np.float32]]) -> Prepared:
    """Tokenise samples, each cut to the length its set allows."""
    encoded = tokens.encode([clean(sample.row.text) for sample in samples])
    ids = [
        item if len(item) <= sample.tokens else item[: sample.tokens - 1] + item[-1:]
        for item, sample in zip(encoded, samples, strict=True)
    ]
    return Prepared(samples, ids, vectors)


def plan(
    prepared: Prepared,
    seed: int,
    *,
    rows: int = BATCH_ROWS,
    tokens: int = BATCH_TOKENS,
    labelled: bool = True,
) -> list[list[int]]:
    """All batches of a run as lists of sample numbers; the same seed gives the same plan.

    Passes over a set are spread: every sample appears once before any appears twice. ``labelled``
    leaves out the samples that have no label of any kind.
    """
    rng = random.Random(seed)  # noqa: S311 - order of training, not a secret
    slots: list[tuple[float, int]] = []
    for number, sample in enumerate(prepared.samples):
        if labelled and not is_labelled(sample.row):
            continue
        slots.extend(((turn + rng.random()) / sample.passes, number) for turn in range(sample.passes))
    slots.sort()
    batches: list[list[int]] = []
    for start in range(0, len(slots), _CHUNK * rows):
        chunk = [number for _, number in slots[start : start + _CHUNK * rows]]
        chunk.sort(key=lambda number: len(prepared.ids[number]))
        cut = cut_by(chunk, prepared.ids, rows, tokens)
        rng.shuffle(cut)
        batches.extend(cut)
    return batches


def cut_by(numbers: Sequence[int], ids: Sequence[Sequence[int]], rows: int, tokens: int) -> list[list[int]]:
    """Numbers sorted by length to batches of at most ``rows`` texts and ``tokens`` tokens, padding counted."""
    batches: list[list[int]] = []
    current: list[int] = []
    for number in numbers:
        width = len(ids[number])
        if current and (len(current) >= rows or (len(current) + 1) * width > tokens):
            batches.append(current)
            current = []
        current.append(number)
    if current:
        batches.append(current)
    return batches


def targets(prepared: Prepared, numbers: Sequence[int], hidden: int) -> Targets:
    """Labels of one batch as tensors."""
    rows = [prepared.samples[number] for number in numbers]

    def labels(name: str) -> torch.Tensor:
        values = [getattr(sample.row, name) for sample in rows]
        return torch.tensor([UNKNOWN if value is None else value for value in values])

    vectors = np.zeros((len(rows), hidden), np.float32)
    for at, number in enumerate(numbers):
        if number in prepared.vectors:
            vectors[at] = prepared.vectors[number]
    return Targets(
        labels("sentiment"),
        labels("urgency"),
        labels("category"),
        labels("reply"),
        torch.tensor([sample.urgency_weight for sample in rows]),
        torch.tensor([sample.category_weight for sample in rows]),
        torch.from_numpy(vectors),
        None if prepared.soft is None else torch.from_numpy(prepared.soft[list(numbers)].astype(np.float32)),
    )


def category_counts(prepared: Prepared) -> list[float]:
    """How often a run sees each category, weak labels counted by their weight."""
    counts = [0.0] * len(CATEGORIES)
    for sample in prepared.samples:
        if sample.row.category is not None:
            counts[sample.row.category] += sample.passes * sample.category_weight
    return counts
