"""Corrected heads: what a team's corrections add to the outputs of a whole model, in one small file.

``heads.npz`` holds, per head, a matrix and a shift that are added to the head's logits:
logits + matrix @ state + shift. The encoder is borrowed from the model below and must be the very
one the matrices were learned on; another encoder's states mean something else.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sentiment.engine import weights
from sentiment.engine.onnx import Logits
from sentiment.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

NAMES: Final = ("sentiment", "urgency", "category", "reply")
_AGAIN = "Train again: allears model train --from-corrections."


@dataclass(frozen=True, slots=True)
class Change:
    """Of one head: ``matrix`` [outputs, hidden] and ``shift`` [outputs]."""

    matrix: NDArray[np.float32]
    shift: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heads:
    """Changes by head; a head that nobody corrected is absent."""

    changes: Mapping[str, Change]

    def apply(self, logits: Logits) -> Logits:
        """Add the changes to the logits of one window."""
        found = {
            name: np.asarray(getattr(logits, name) + change.matrix @ logits.state + change.shift, np.float32)
            for name, change in self.changes.items()
        }
        return replace(logits, **found)

    def save(self, folder: Path) -> None:
        """Write ``heads.npz``. Raises OSError."""
        arrays = {}
        for name, change in self.changes.items():
            arrays[f"{name}.matrix"] = change.matrix.astype(np.float32)
            arrays[f"{name}.shift"] = change.shift.astype(np.float32)
        np.savez(folder / weights.HEADS, allow_pickle=False, **arrays)


def there(folder: Path) -> bool:
    """Whether a model in this folder has changed heads."""
    return (folder / weights.HEADS).exists()


def load(folder: Path) -> Heads:
    """Read ``heads.npz``. Raises ModelError when it is of another format."""
    path = folder / weights.HEADS
    try:
        with np.load(path, allow_pickle=False) as stored:
            changes = {
                name: Change(stored[f"{name}.matrix"], stored[f"{name}.shift"])
                for name in NAMES
                if f"{name}.matrix" in stored
            }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"the corrected heads cannot be read ({error})", where=path, do=_AGAIN) from error
    return Heads(changes)


def root(folder: Path, config: weights.Config) -> Path:
    """The checked folder of the whole model below. Raises ModelError when it is another one by now."""
    named = config.base.get("folder", "default")
    below = weights.NAMED.get(named) or Path(named)
    weights.check(below)
    if weights.digest(below / weights.ENCODER) != config.base.get("encoder"):
        raise ModelError(
            "the corrections were learned on top of another encoder than the one that is there now",
            where=f"{folder} on {below}",
            do=f"{_AGAIN} Until then: allears model use default.",
        )
    return below
