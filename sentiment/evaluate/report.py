"""Reads labelled rows with a model and sums up what was right, in all and per slice."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sentiment.evaluate import metrics
from sentiment.labels import ALERT_LEVEL, CATEGORIES, LEVELS, SENTIMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentiment.data import Row
    from sentiment.reading import Reading

SMALL = 30
"""A slice with fewer rows is shown but never named the worst."""
CRITICAL = LEVELS[-1]


class Reads(Protocol):
    """What is measured: anything that reads texts as ``Reader`` does."""

    name: str

    def read(
        self,
        texts: Sequence[str],
        *,
        languages: Sequence[str | None] | None = None,
        reasons: bool = True,
    ) -> list[Reading]:
        """One reading per text."""


@dataclass(frozen=True, slots=True)
class Report:
    """Figures by task: ``overall``, and by "language: xx", "channel: yy" and, of several, "set: zz"."""

    model: str
    rows: int
    overall: dict[str, dict[str, Any]]
    slices: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    worst: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """One JSON document."""
        return asdict(self)


def evaluate(reader: Reads, rows: Sequence[Row]) -> Report:
    """Measure every task that the rows have labels for."""
    readings = reader.read(
        [row.text for row in rows], languages=[row.lang or None for row in rows], reasons=False
    )
    pairs = list(zip(rows, readings, strict=True))
    slices = {}
    for kind, key in (("language", "lang"), ("channel", "channel"), ("set", "source")):
        values = sorted({getattr(row, key) for row in rows} - {""})
        for value in values if kind != "set" or len(values) > 1 else ():
            part = [pair for pair in pairs if getattr(pair[0], key) == value]
            slices[f"{kind}: {value}"] = _tasks(part)
    overall = _tasks(pairs)
    return Report(reader.name, len(rows), overall, slices, _worst(overall, slices))


Pairs = "Sequence[tuple[Row, Reading]]"


def _tasks(pairs: Sequence[tuple[Row, Reading]]) -> dict[str, dict[str, Any]]:
    makers: dict[str, Callable[[Sequence[tuple[Row, Reading]]], dict[str, Any]]] = {
        "sentiment": _sentiment,
        "urgency": _urgency,
        "category": _category,
        "reply": _reply,
    }
    found = {}
    for task, make in makers.items():
        mine = [pair for pair in pairs if getattr(pair[0], task) is not None]
        if mine:
            found[task] = {"rows": len(mine), **make(mine)}
    return found


def _worst(overall: dict[str, Any], slices: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    worst = {}
    for task in overall:
        there = [
            (tasks[task]["macro_f1"], name)
            for name, tasks in slices.items()
            if task in tasks and tasks[task]["rows"] >= SMALL
        ]
        if there:
            value, name = min(there)
            worst[task] = {"slice": name, "macro_f1": value}
    return worst


def _classes(table: np.ndarray[Any, np.dtype[np.int64]], names: Sequence[object]) -> dict[str, Any]:
    return {
        "macro_f1": metrics.macro_f1(table),
        "accuracy": float(np.trace(table) / table.sum()),
        "classes": {
            str(name): asdict(score) for name, score in zip(names, metrics.per_class(table), strict=True)
        },
        "confusion": table.tolist(),
    }


def _sentiment(pairs: Sequence[tuple[Row, Reading]]) -> dict[str, Any]:
    truth = np.array([row.sentiment for row, _ in pairs], np.int64)
    moods = [reading.sentiment for _, reading in pairs]
    chances = np.array([[mood.negative, mood.neutral, mood.positive] for mood in moods])
    said = np.array([SENTIMENTS.index(mood.label) for mood in moods], np.int64)
    bins = metrics.reliability(chances.max(axis=1), said == truth)
    return {
        **_classes(metrics.confusion(truth, said, len(SENTIMENTS)), SENTIMENTS),
        "ece": metrics.calibration_error(bins),
        "brier": metrics.brier(chances, truth),
        "reliability": [asdict(item) for item in bins],
    }


def _urgency(pairs: Sequence[tuple[Row, Reading]]) -> dict[str, Any]:
    truth = np.array([row.urgency for row, _ in pairs], np.int64)
    said = np.array([reading.urgency.level for _, reading in pairs], np.int64)
    alert = np.array([reading.urgency.score for _, reading in pairs])
    table = metrics.confusion(truth, said, len(LEVELS))
    due, raised = truth >= ALERT_LEVEL, said >= ALERT_LEVEL
    both = metrics.confusion(due.astype(np.int64), raised.astype(np.int64), 2)
    scores = metrics.per_class(both)[1]
    critical = truth == CRITICAL
    bins = metrics.reliability(alert, due)
    return {
        **_classes(table, LEVELS),
        "qwk": metrics.quadratic_kappa(table),
        "alert": asdict(scores),
        "criticals": int(critical.sum()),
        "criticals_caught": float(raised[critical].mean()) if critical.any() else None,
        "ece": metrics.calibration_error(bins),
        "brier": metrics.brier(np.stack([1 - alert, alert], axis=1), due.astype(np.int64)),
        "reliability": [asdict(item) for item in bins],
    }


def _category(pairs: Sequence[tuple[Row, Reading]]) -> dict[str, Any]:
    truth = np.array([row.category for row, _ in pairs], np.int64)
    said = np.array([CATEGORIES.index(reading.category) for _, reading in pairs], np.int64)
    return _classes(metrics.confusion(truth, said, len(CATEGORIES)), CATEGORIES)


def _reply(pairs: Sequence[tuple[Row, Reading]]) -> dict[str, Any]:
    truth = np.array([row.reply for row, _ in pairs], np.int64)
    said = np.array([int(reading.needs_reply) for _, reading in pairs], np.int64)
    found = _classes(metrics.confusion(truth, said, 2), ("no", "yes"))
    return {**found, "f1": found["classes"]["yes"]["f1"]}
