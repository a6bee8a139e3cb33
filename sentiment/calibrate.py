"""Makes probabilities mean what they say: fitted after training, on texts not trained on.

Sentiment gets one temperature per language family; urgency a scale and a shift per step and family,
"wants an answer" one of its own. The fitted numbers live in ``config.json``; scoring only applies them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
_PLATEAU = 0.01
_FREE = (1.0, 0.1)
_TIED = (20.0, 6.0)
"""Pull of a family's scale and shift towards those of all: about that of fifty rows."""

Lines = tuple[tuple[float, float], ...]
"""Scale and shift per step: level >= 1, >= 2, >= 3."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Numbers applied to logits."""

    temperatures: dict[str, float]
    urgency: dict[str, Lines]
    """By language family; "other" is there always."""
    thresholds: tuple[float, float, float]
    """Probability of each step from which on it counts as reached."""
    reply: tuple[float, float]
    reply_threshold: float

    def sentiment(self, logits: NDArray[np.float32], language: str) -> NDArray[np.float64]:
        """Probabilities of negative, neutral, positive."""
        family = FAMILIES.get(language, OTHER)
        heat = self.temperatures.get(family, self.temperatures[OTHER])
        return softmax(np.asarray(logits, np.float64) / heat)

    def steps(self, logits: NDArray[np.float32], language: str) -> NDArray[np.float64]:
        """P(level >= 1), P(>= 2), P(>= 3), never rising."""
        lines = self.urgency.get(FAMILIES.get(language, OTHER), self.urgency[OTHER])
        scale = np.array([pair[0] for pair in lines])
        shift = np.array([pair[1] for pair in lines])
        return np.minimum.accumulate(sigmoid(np.asarray(logits, np.float64) * scale + shift))

    def wants_reply(self, logit: float) -> float:
        """Probability that the author expects an answer."""
        return float(sigmoid(np.float64(logit) * self.reply[0] + self.reply[1]))

    def alerting_from(self, threshold: float | None) -> Calibration:
        """The same with another threshold for alerts (level >= 2); None = as it is."""
        if threshold is None:
            return self
        first, _, third = self.thresholds
        return replace(self, thresholds=(min(first, threshold), threshold, max(threshold, third)))

    def as_dict(self) -> dict[str, Any]:
        """For ``config.json``."""
        return {
            "temperatures": self.temperatures,
            "urgency": {family: [list(pair) for pair in lines] for family, lines in self.urgency.items()},
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
            urgency={
                family: tuple((float(a), float(b)) for a, b in lines)
                for family, lines in {OTHER: document["urgency"][OTHER], **document["urgency"]}.items()
            },
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


def fit_line(
    logits: NDArray[np.float32],
    reached: NDArray[np.bool_],
    *,
    around: tuple[float, float] = (1.0, 0.0),
    pull: tuple[float, float] = _FREE,
) -> tuple[float, float]:
    """Scale and shift of a logit (Platt), by damped Newton steps, drawn to ``around`` by ``pull``."""
    x = logits.astype(np.float64)
    design = np.stack([x, np.ones_like(x)], axis=1)
    start = np.array(around)
    weights = start.copy()
    prior = np.diag(pull)

    def cost(at: NDArray[np.float64]) -> float:
        score = design @ at
        away = at - start
        return float((np.logaddexp(0.0, score) - reached * score).sum() + away @ prior @ away / 2)

    for _ in range(50):
        chance = sigmoid(design @ weights)
        slope = design.T @ (chance - reached) + prior @ (weights - start)
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + prior
        step = np.linalg.solve(curve, slope)
        for _ in range(30):  # a full step may overshoot where the curve is flat
            if cost(weights - step) <= cost(weights):
                break
            step = step / 2
        weights = weights - step
        if float(np.abs(step).max()) < _SETTLED:
            break
    return round(float(weights[0]), 4), round(float(weights[1]), 4)


def fit_lines(
    logits: NDArray[np.float32], levels: NDArray[np.int64], languages: Sequence[str]
) -> dict[str, Lines]:
    """Scale and shift of every urgency step, for all languages and tied to those for each family."""
    steps = range(logits.shape[1])
    common = tuple(fit_line(logits[:, step], levels > step) for step in steps)
    found: dict[str, Lines] = {OTHER: common}
    families = np.array([FAMILIES.get(language, OTHER) for language in languages])
    for family in sorted(set(families) - {OTHER}):
        mine = families == family
        found[str(family)] = tuple(
            fit_line(logits[mine, step], levels[mine] > step, around=common[step], pull=_TIED)
            for step in steps
        )
    return found


def fit_threshold(chance: NDArray[np.float64], reached: NDArray[np.bool_]) -> float:
    """Threshold from 0.2 to 0.7 whose F1 is nearly the best; a quarter up from the lowest such one.

    The single best cut follows the luck of a few rows; a place inside the plateau holds on other texts. The
    lower part of it, because a missed mention costs more than one read in vain.
    """
    cuts = np.arange(0.2, 0.7001, 0.01)
    scores = []
    for cut in cuts:
        said = chance >= cut
        scores.append(2 * float((said & reached).sum()) / max(float(said.sum() + reached.sum()), 1.0))
    near = cuts[np.array(scores) >= max(scores) - _PLATEAU]
    return round(float(np.quantile(near, 0.25)), 2)
