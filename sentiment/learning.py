"""From corrections to a model folder: what ``allears model train --from-corrections`` does.

The new folder borrows encoder and embeddings from the whole model below and adds ``heads.npz``; it takes
up some hundred kilobytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sentiment import corrections, data
from sentiment.calibrate import Calibration
from sentiment.engine import weights
from sentiment.engine.shipped import ShippedModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentiment.corrections import Lesson
    from sentiment.data import Row

REFERENCE: Final = weights.SHIPPED.parent / "reference.json"
"""Ninety texts in nine languages, written and labelled for this product: what must not get worse."""


def learn(below: Path, rows: Sequence[Row], reference: Path = REFERENCE) -> tuple[ShippedModel, Lesson]:
    """Learn from ``rows`` on top of the whole model in folder ``below``.

    Raises ModelError for the model, DataError for the reference file or too few corrections.
    """
    model = ShippedModel(below)
    calibration = Calibration.from_dict(model.config.calibration)
    fixed = data.read_labelled(reference)
    taught = {data.fingerprint(row.text) for row in fixed}
    lesson = corrections.learn(
        corrections.known(model, data.without(rows, taught)), corrections.known(model, fixed), calibration
    )
    return model, lesson


def write(folder: Path, below: Path, model: ShippedModel, lesson: Lesson, rows: int) -> str:
    """Write the folder of a lesson that passed and return the model's name. Raises OSError."""
    if lesson.heads is None:
        message = "a lesson that did not pass has nothing to write"
        raise ValueError(message)
    folder.mkdir(parents=True, exist_ok=True)
    lesson.heads.save(folder)
    config = model.config
    version = f"{config.version}+{folder.name}"
    figures = asdict(lesson)
    del figures["heads"]
    document: dict[str, Any] = {
        "name": config.name,
        "version": version,
        "base": {
            "folder": weights.called(below),
            "encoder": weights.digest(below / weights.ENCODER),
        },
        "calibration": config.calibration,
        "about": {**config.about, "corrections": {"rows": rows, **figures}},
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    (folder / weights.CONFIG).write_text(text, encoding="utf-8")
    weights.seal(folder)
    return f"{config.name}-{version}"


def fresh_folder(home: Path) -> Path:
    """A folder for the next model that learned from corrections; its name says when."""
    return home / "models" / datetime.now(UTC).strftime("team%Y%m%dT%H%M%S")
