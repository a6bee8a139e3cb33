"""Learns from a team's corrections: changes of the heads on frozen encoder states, in seconds, with numpy.

The encoder is not touched, so vectors and speed stay. Changes are drawn to zero: little evidence moves
little. What is learned is kept only when it helps on corrections it did not see and is not worse on the
reference texts; otherwise nothing is returned. Must not know where corrections are stored.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from sentiment import calibrate
from sentiment.calibrate import Calibration, sigmoid, softmax
from sentiment.engine.heads import Change, Heads
from sentiment.engine.onnx import Logits
from sentiment.errors import DataError
from sentiment.evaluate import metrics
from sentiment.labels import ALERT_LEVEL, CATEGORIES, LEVELS, SENTIMENTS
from sentiment.urgency import from_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentiment.data import Row
    from sentiment.engine.shipped import ShippedModel

FEWEST: Final = 5
"""Corrections of one kind below which that head is left alone."""
PULLS: Final = (100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1)
"""How strongly changes are drawn to zero, most careful first; the best one that passes is kept."""
KEPT_BACK: Final = 4
"""One correction in this many, by hash of its text, is not learned but tests what was."""
_STEPS = 400
_REPLAY = 2.0
"""Weight of staying as it was on a reference text, against one correction."""
_EVEN = 1e-9
_SLIP = 0.02
"""A single figure of the reference may fall by so much, if the mean of all does not: a text or two."""


@dataclass(frozen=True, slots=True)
class Known:
    """Labelled rows with what the encoder makes of them."""

    rows: list[Row]
    logits: list[Logits]

    def states(self) -> NDArray[np.float64]:
        """[rows, hidden]."""
        return np.stack([item.state for item in self.logits]).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of it: ``heads`` is None when nothing passed; figures are shares of 1 by task."""

    heads: Heads | None
    pull: float
    learned: dict[str, int]
    reference_before: dict[str, float]
    reference_after: dict[str, float]
    kept_back_before: float | None
    kept_back_after: float | None


def known(model: ShippedModel, rows: Sequence[Row]) -> Known:
    """Run rows through the encoder alone; empty and failing texts are left out."""
    found = model.logits([row.text for row in rows])
    pairs = [(row, item) for row, item in zip(rows, found, strict=True) if isinstance(item, Logits)]
    return Known([row for row, _ in pairs], [item for _, item in pairs])


def learn(corrections: Known, reference: Known, calibration: Calibration) -> Lesson:
    """Find the changes that help most on unseen corrections without harm on the reference.

    Raises DataError when there are too few corrections of every kind.
    """
    counts = {
        name: sum(getattr(row, name) is not None for row in corrections.rows)
        for name in ("sentiment", "urgency", "category", "reply")
    }
    taught = {name for name, count in counts.items() if count >= FEWEST}
    if not taught:
        told = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise DataError(
            f"corrections: {told}; training needs at least {FEWEST} of one kind. Correct more in the panel."
        )
    aside = [zlib.crc32(row.text.encode()) % KEPT_BACK == 0 for row in corrections.rows]
    seen = _some(corrections, [not flag for flag in aside])
    unseen = _some(corrections, aside)
    before = judged(reference, calibration)
    tested = agreement(unseen, calibration, taught)
    learned = {name: counts[name] for name in sorted(taught)}
    tries = []
    for place, pull in enumerate(PULLS):
        heads = _fit(seen, reference, calibration, taught, pull)
        score = agreement(_changed(unseen, heads), calibration, taught)
        gain = (score or 0.0) - (tested or 0.0)
        if gain > -_EVEN and not worse(before, judged(_changed(reference, heads), calibration)):
            tries.append((-round(gain, 6), place, pull, score))
    for _, _, pull, score in sorted(tries):  # the largest gain first, of equal ones the most careful
        heads = _fit(corrections, reference, calibration, taught, pull)  # now with those kept back as well
        after = judged(_changed(reference, heads), calibration)
        if not worse(before, after):
            return Lesson(heads, pull, learned, before, after, tested, score)
    return Lesson(None, 0.0, learned, before, before, tested, tested)


def worse(before: dict[str, float], after: dict[str, float]) -> list[str]:
    """The figures of the reference that make the new heads worse, for people; empty when they are not.

    Worse is a lower mean over all figures, or one figure that fell by more than 0.02.
    """
    falls = {name: before[name] - after.get(name, 0.0) for name in before}
    lower = sum(falls.values()) > _EVEN
    return [
        f"{name} {before[name]:.3f} -> {after.get(name, 0.0):.3f}"
        for name, fall in falls.items()
        if fall > (_EVEN if lower else _SLIP)
    ]


def judged(rows: Known, calibration: Calibration) -> dict[str, float]:
    """Macro-F1 of every task that the rows have labels for, and F1 of alerts."""
    found: dict[str, float] = {}
    for name, size in (
        ("sentiment", len(SENTIMENTS)),
        ("urgency", len(LEVELS)),
        ("category", len(CATEGORIES)),
    ):
        truth, said = _pairs(rows, calibration, name)
        if len(truth):
            found[name] = metrics.macro_f1(metrics.confusion(truth, said, size))
        if len(truth) and name == "urgency":
            due, raised = (truth >= ALERT_LEVEL).astype(int), (said >= ALERT_LEVEL).astype(int)
            found["alert"] = metrics.per_class(metrics.confusion(due, raised, 2))[1].f1
    truth, said = _pairs(rows, calibration, "reply")
    if len(truth):
        found["reply"] = metrics.macro_f1(metrics.confusion(truth, said, 2))
    return found


def agreement(rows: Known, calibration: Calibration, tasks: set[str]) -> float | None:
    """Share of corrections that the outputs agree with; None when there are none."""
    hits = total = 0
    for name in tasks:
        truth, said = _pairs(rows, calibration, name)
        hits += int((truth == said).sum())
        total += len(truth)
    return hits / total if total else None


def _pairs(rows: Known, calibration: Calibration, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    truth, said = [], []
    for row, item in zip(rows.rows, rows.logits, strict=True):
        label = getattr(row, name)
        if label is not None:
            truth.append(int(label))
            said.append(_said(item, row.lang, calibration, name))
    return np.array(truth, np.int64), np.array(said, np.int64)


def _said(item: Logits, language: str, calibration: Calibration, name: str) -> int:
    if name == "urgency":
        steps = calibration.steps(item.urgency, language).tolist()
        return from_steps(steps, calibration.thresholds).level
    if name == "reply":
        return int(calibration.wants_reply(float(item.reply[0])) >= calibration.reply_threshold)
    return int(np.argmax(getattr(item, name)))


def _some(rows: Known, chosen: Sequence[bool]) -> Known:
    return Known(
        [row for row, flag in zip(rows.rows, chosen, strict=True) if flag],
        [item for item, flag in zip(rows.logits, chosen, strict=True) if flag],
    )


def _changed(rows: Known, heads: Heads) -> Known:
    return replace(rows, logits=[heads.apply(item) for item in rows.logits])


def _fit(seen: Known, reference: Known, calibration: Calibration, tasks: set[str], pull: float) -> Heads:
    """Changes of the taught heads; the reference texts hold the outputs where they were."""
    both = Known(seen.rows + reference.rows, seen.logits + reference.logits)
    new = np.arange(len(both.rows)) < len(seen.rows)
    states = both.states() if both.rows else np.zeros((0, 0))
    changes = {}
    for name in sorted(tasks):
        logits = np.stack([getattr(item, name) for item in both.logits]).astype(np.float64)
        labels = np.array([-1 if getattr(row, name) is None else getattr(row, name) for row in both.rows])
        use = ~new | (labels >= 0)
        weight = np.where(new, 1.0, _REPLAY)[use]
        scale, shift = _calibrated(name, logits, both.rows, calibration)
        now = _chances(name, logits[use] * scale[use] + shift[use])
        goal = np.where(new[use][:, None], _goals(name, labels[use], logits.shape[1]), now)
        changes[name] = _descend(
            name, states[use], logits[use], (scale[use], shift[use]), (goal, weight), pull
        )
    return Heads(changes)


def _calibrated(
    name: str, logits: NDArray[np.float64], rows: Sequence[Row], calibration: Calibration
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift that turn a head's logits into calibrated ones, [rows, outputs] each."""
    scale, shift = np.ones_like(logits), np.zeros_like(logits)
    for at, row in enumerate(rows):
        family = calibrate.FAMILIES.get(row.lang, calibrate.OTHER)
        if name == "sentiment":
            scale[at] = 1.0 / calibration.temperatures.get(family, calibration.temperatures[calibrate.OTHER])
        elif name == "urgency":
            lines = calibration.urgency.get(family, calibration.urgency[calibrate.OTHER])
            scale[at], shift[at] = [pair[0] for pair in lines], [pair[1] for pair in lines]
        elif name == "reply":
            scale[at], shift[at] = calibration.reply
    return scale, shift


def _chances(name: str, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return sigmoid(logits) if name in {"urgency", "reply"} else softmax(logits)


def _goals(name: str, labels: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    if name == "urgency":
        return (labels[:, None] > np.arange(width)).astype(np.float64)
    if name == "reply":
        return labels[:, None].astype(np.float64)
    return np.eye(width)[np.maximum(labels, 0)]


def _descend(
    name: str,
    states: NDArray[np.float64],
    logits: NDArray[np.float64],
    lines: tuple[NDArray[np.float64], NDArray[np.float64]],
    wanted: tuple[NDArray[np.float64], NDArray[np.float64]],
    pull: float,
) -> Change:
    """Gradient descent on cross-entropy plus ``pull`` / 2 x the squared change; convex, so one answer."""
    scale, shift = lines
    goal, weight = wanted
    inputs = np.concatenate([states, np.ones((len(states), 1))], axis=1)
    change = np.zeros((logits.shape[1], inputs.shape[1]))
    # no step can overshoot: the curvature is at most that of the weighted inputs, and of the pull
    curve = float(np.linalg.norm(inputs * np.sqrt(weight)[:, None], 2) ** 2) * float((scale**2).max()) / 2
    rate = 1.0 / (curve + pull)
    speed = change.copy()
    for step in range(_STEPS):  # Nesterov's acceleration
        ahead = change + (step / (step + 3)) * speed
        chance = _chances(name, (logits + inputs @ ahead.T) * scale + shift)
        slope = ((chance - goal) * scale * weight[:, None]).T @ inputs + pull * ahead
        fresh = ahead - rate * slope
        speed, change = fresh - change, fresh
    return Change(change[:, :-1].astype(np.float32), change[:, -1].astype(np.float32))
