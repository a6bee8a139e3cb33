"""The one door to the model: texts in, readings out, in order, whatever the batch.

Knows no database and no settings. ``Reader.load`` takes "default", a folder, or the name of any
Hugging Face sentiment classifier; what that one lacks comes from the shipped model.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sentiment import categories, explain, language
from sentiment.calibrate import Calibration
from sentiment.engine import weights
from sentiment.engine.onnx import Logits
from sentiment.engine.shipped import URGENT, ShippedModel
from sentiment.errors import ModelError
from sentiment.labels import ALERT_LEVEL, SENTIMENTS
from sentiment.reading import Reading, Sentiment, as_json, nothing
from sentiment.urgency import Urgency, from_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Reader", "Reading", "Sentiment", "Urgency", "as_json"]

DEFAULT = "default"


class Moods(Protocol):
    """A sentiment classifier that replaces the shipped one's first head."""

    name: str

    def read(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Probabilities [texts, 3] of negative, neutral, positive."""


class Reader:
    """A loaded model; safe to share between threads."""

    def __init__(
        self,
        shipped: ShippedModel,
        moods: Moods | None = None,
        *,
        alert_threshold: float | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        """Wrap a loaded model; most callers want ``Reader.load``. ``calibration`` replaces the model's own."""
        self._model = shipped
        self._moods = moods
        config = shipped.config
        try:
            own_calibration = calibration or Calibration.from_dict(config.calibration)
            self._calibration = own_calibration.alerting_from(alert_threshold)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelError(
                f"the calibration is incomplete ({error})",
                where=weights.CONFIG,
                do="Restore the weights folder.",
            ) from error
        own = f"{config.name}-{config.version}"
        self.name = f"{moods.name}+{own}" if moods else own

    @classmethod
    def load(
        cls, model: str = DEFAULT, *, threads: int | None = None, alert_threshold: float | None = None
    ) -> Reader:
        """Load a model by name ("default", "fast", one of Hugging Face) or folder, on ``threads`` cores (default: all).

        ``alert_threshold`` is the P(level >= 2) from which on a mention is an alert; None = the model's own.
        Raises ModelError saying what is wrong, where, and what to do.
        """
        folder = weights.NAMED.get(model) or Path(model).expanduser()
        if model in weights.NAMED or any(
            (folder / name).exists() for name in (weights.MANIFEST, weights.ENCODER)
        ):
            return cls(ShippedModel(folder, threads=threads), alert_threshold=alert_threshold)
        from sentiment.engine.checkpoint import Checkpoint  # noqa: PLC0415 - torch only when asked for

        moods = Checkpoint(model, threads=threads)
        shipped = ShippedModel(weights.SHIPPED, threads=threads)
        return cls(shipped, moods, alert_threshold=alert_threshold)

    def read(
        self,
        texts: Sequence[str],
        *,
        languages: Sequence[str | None] | None = None,
        reasons: bool = True,
    ) -> list[Reading]:
        """One reading per text, in order; an empty text is neutral, level 0, other_none.

        ``languages`` are the platforms' own tags, where there are any. A text that makes the engine
        fail gets a reading with ``error``; the others are read as if it were not there.
        """
        hints = list(languages) if languages is not None else [None] * len(texts)
        spoken = language.detect_all(texts, hints)
        found = self._model.logits(texts)
        moods = self._moods.read(texts) if self._moods is not None else None
        readings = []
        why: dict[str, tuple[str, ...]] = {}
        for index, (text, code, logits) in enumerate(zip(texts, spoken, found, strict=True)):
            if logits is None:
                readings.append(nothing(code, self.name))
            elif isinstance(logits, Exception):
                readings.append(nothing(code, self.name, _describe(logits)))
            else:
                mood = moods[index] if moods is not None else None
                urgency = from_steps(
                    self._calibration.steps(logits.urgency, code).tolist(), self._calibration.thresholds
                )
                if reasons and urgency.level >= ALERT_LEVEL and text not in why:
                    why[text] = self._reasons(text)
                readings.append(self._reading(code, logits, urgency, mood, why.get(text, ())))
        return readings

    def _reading(
        self,
        code: str,
        logits: Logits,
        urgency: Urgency,
        mood: NDArray[np.float64] | None,
        reasons: tuple[str, ...],
    ) -> Reading:
        if mood is None:
            mood = self._calibration.sentiment(logits.sentiment, code)
        negative, neutral, positive = (float(value) for value in mood)
        wants = self._calibration.wants_reply(float(logits.reply[0]))
        return Reading(
            language=code,
            sentiment=Sentiment(SENTIMENTS[int(np.argmax(mood))], negative, neutral, positive),
            urgency=urgency,
            category=categories.name(logits.category),
            needs_reply=wants >= self._calibration.reply_threshold,
            reasons=reasons,
            model=self.name,
            vector=packed(logits.vector),
        )

    def _reasons(self, text: str) -> tuple[str, ...]:
        return explain.reasons(self._model.deciding_part(text), self._urgencies)

    def _urgencies(self, texts: Sequence[str]) -> list[float]:
        """Urgency logit per text; an empty or failing one is not urgent at all."""
        return [
            float(item.urgency[URGENT]) if isinstance(item, Logits) else -np.inf
            for item in self._model.logits(texts)
        ]


def packed(vector: NDArray[np.float32]) -> bytes:
    """A vector as signed bytes, scaled so that its largest entry is 127."""
    largest = float(np.abs(vector).max()) or 1.0
    return bytes(np.rint(vector * (127.0 / largest)).astype(np.int8).tobytes())


def _describe(error: Exception) -> str:
    return f"the engine failed on this text ({type(error).__name__})"
