"""Makes probabilities mean what they say: fitted after training, on texts not trained on.

Sentiment gets one temperature per language family; urgency and "wants an answer" a scale and a
shift per output. The fitted numbers live in ``config.json``; scoring only applies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FAMILIES: Final = {
    "en": "germanic", "de": "germanic", "fr": "romance", "es": "romance", "it": "romance",
    "pt": "romance", "ru": "slavic", "he": "semitic", "ar": "semitic",
}  # fmt: skip
OTHER: Final = "other"
_SETTLED = 1e-8
_FEWEST = 150
"""A family with fewer labelled rows takes the temperature of all."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Numbers applied to logits."""

    temperatures: dict[str, float]
    urgency: tuple[tuple[float, float], ...]
    """Scale and shift per step: level >= 1, >= 2, >= 3."""
    thresholds: tuple[float, float, float]
    """Probability of each step from which on it counts as reached."""
    reply: tuple[float, float]
    reply_threshold: float

    def sentiment(self, logits: NDArray[np.float32], language: str) -> NDArray[np.float64]:
        """Probabilities of negative, neutral, positive."""
        family = FAMILIES.get(language, OTHER)
        heat = self.temperatures.get(family, self.temperatures[OTHER])
        return softmax(np.asarray(logits, np.float64) / heat)

    def steps(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """P(level >= 1), P(>= 2), P(>= 3), never rising."""
        scale = np.array([pair[0] for pair in self.urgency])
        shift = np.array([pair[1] for pair in self.urgency])
        return np.minimum.accumulate(sigmoid(np.asarray(logits, np.float64) * scale + shift))

    def wants_reply(self, logit: float) -> float:
        """Probability that the author expects an answer."""
        return float(sigmoid(np.float64(logit) * self.reply[0] + self.reply[1]))

    def as_dict(self) -> dict[str, Any]:
        """For ``config.json``."""
        return {
            "temperatures": self.temperatures,
            "urgency": [list(pair) for pair in self.urgency],
            "thresholds": list(self.thresholds),
            "reply": list(self.reply),
            "reply_threshold": self.reply_threshold,
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Calibration:
        """Back from ``config.json``; raises KeyError, TypeError or ValueError when incomplete."""
        first, second, third = (float(value) for value in document["thresholds"])
        return cls(
            temperatures={key: float(value) for key, value in document["temperatures"].items()},
            urgency=tuple((float(a), float(b)) for a, b in document["urgency"]),
            thresholds=(first, second, third),
            reply=(float(document["reply"][0]), float(document["reply"][1])),
            reply_threshold=float(document["reply_threshold"]),
        )


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float64)


def sigmoid(x: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """Logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -40, 40))), np.float64)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Temperature with the lowest negative log-likelihood (search over 0.4 to 4)."""
    best, found = np.inf, 1.0
    for heat in np.geomspace(0.4, 4.0, 93):
        chance = softmax(logits.astype(np.float64) / heat)[np.arange(len(labels)), labels]
        cost = float(-np.log(chance + 1e-12).mean())
        if cost < best:
            best, found = cost, float(heat)
    return round(found, 4)


def fit_temperatures(
    logits: NDArray[np.float32], labels: NDArray[np.int64], languages: Sequence[str]
) -> dict[str, float]:
    """One temperature per language family, and one for all others."""
    found = {OTHER: fit_temperature(logits, labels)}
    families = np.array([FAMILIES.get(language, OTHER) for language in languages])
    for family in sorted(set(families) - {OTHER}):
        mine = families == family
        if int(mine.sum()) >= _FEWEST:
            found[str(family)] = fit_temperature(logits[mine], labels[mine])
    return found


def fit_line(logits: NDArray[np.float32], reached: NDArray[np.bool_]) -> tuple[float, float]:
    """Scale and shift of a logit (Platt), by Newton steps with a little shrinkage."""
    x = logits.astype(np.float64)
    design = np.stack([x, np.ones_like(x)], axis=1)
    weights = np.array([1.0, 0.0])
    prior = np.diag([1.0, 0.1])
    for _ in range(50):
        chance = sigmoid(design @ weights)
        slope = design.T @ (chance - reached) + prior @ (weights - np.array([1.0, 0.0]))
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + prior
        step = np.linalg.solve(curve, slope)
        weights -= step
        if float(np.abs(step).max()) < _SETTLED:
            break
    return round(float(weights[0]), 4), round(float(weights[1]), 4)


def fit_threshold(chance: NDArray[np.float64], reached: NDArray[np.bool_]) -> float:
    """Threshold with the best F1, among steps of 0.02 from 0.2 to 0.7."""
    best, found = -1.0, 0.5
    for cut in np.arange(0.2, 0.7001, 0.02):
        said = chance >= cut
        hits = float((said & reached).sum())
        score = 2 * hits / max(float(said.sum() + reached.sum()), 1.0)
        if score > best + 1e-9:
            best, found = score, float(cut)
    return round(found, 2)
