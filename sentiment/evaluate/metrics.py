"""The figures themselves, over plain arrays; no model, no files, no third-party metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10

Ints = "NDArray[np.int64]"


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Of one class, each from 0 to 1, and how many rows truly are of it."""

    precision: float
    recall: float
    f1: float
    support: int


def confusion(truth: NDArray[np.int64], said: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Counts [true class, predicted class]."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (truth, said), 1)
    return table


def per_class(table: NDArray[np.int64]) -> list[ClassScore]:
    """Precision, recall and F1 of every class of a confusion matrix; 0 where undefined."""
    scores = []
    for index in range(len(table)):
        hits = float(table[index, index])
        said, true = float(table[:, index].sum()), float(table[index].sum())
        scores.append(
            ClassScore(
                precision=hits / said if said else 0.0,
                recall=hits / true if true else 0.0,
                f1=2 * hits / (said + true) if said + true else 0.0,
                support=int(true),
            )
        )
    return scores


def macro_f1(table: NDArray[np.int64]) -> float:
    """Mean F1 over the classes that occur in truth or prediction."""
    scores = per_class(table)
    there = [s.f1 for index, s in enumerate(scores) if s.support or table[:, index].sum()]
    return float(np.mean(there)) if there else 0.0


def quadratic_kappa(table: NDArray[np.int64]) -> float:
    """Cohen's kappa with quadratic weights: 1 agrees always, 0 no better than chance."""
    size = len(table)
    grid = np.arange(size)
    weights = (grid[:, None] - grid[None, :]) ** 2 / (size - 1) ** 2
    total = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    apart = float((weights * expected).sum())
    return 1.0 - float((weights * table).sum()) / apart if apart else 1.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Of the rows said to be this likely: mean probability, share that was true, rows."""

    said: float
    true: float
    rows: int


def reliability(chance: NDArray[np.float64], true: NDArray[np.bool_]) -> list[Bin]:
    """Ten bins of equal width over the probability; empty bins are left out."""
    place = np.minimum((chance * BINS).astype(int), BINS - 1)
    return [
        Bin(float(chance[place == at].mean()), float(true[place == at].mean()), int((place == at).sum()))
        for at in range(BINS)
        if (place == at).any()
    ]


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error: mean distance of said and true, weighted by rows."""
    rows = sum(item.rows for item in bins)
    return sum(item.rows * abs(item.said - item.true) for item in bins) / rows if rows else 0.0


def brier(chances: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Mean squared distance of probabilities [rows, classes] to the truth; 0 is best, 2 worst."""
    goal = np.eye(chances.shape[1])[truth]
    return float(((chances - goal) ** 2).sum(axis=1).mean())
