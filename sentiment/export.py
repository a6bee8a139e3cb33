"""From a finished check-point to a weights folder that can be shipped.

Writes the 8-bit encoder, fits the calibration on texts held out of training with that very encoder
(not with its full-precision parent), and seals the folder with checksums.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment import calibrate, data
from sentiment.engine import weights
from sentiment.engine.shipped import ShippedModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentiment.data import Row
    from sentiment.engine.onnx import Logits

NAME = "allears-small"
PER_SET = 120
"""Held-out rows per set that the sentiment temperatures are fitted on."""
_NEUTRAL = calibrate.Calibration(
    {calibrate.OTHER: 1.0}, {calibrate.OTHER: ((1.0, 0.0),) * 3}, (0.5, 0.5, 0.5), (1.0, 0.0), 0.5
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows with the logits the encoder gave them."""

    rows: list[Row]
    logits: list[Logits]


def write_encoder(checkpoint: Path, base: Path, folder: Path) -> None:
    """Write ``encoder.onnx`` from a check-point. Needs torch and onnx."""
    import torch  # noqa: PLC0415 - only training needs it

    from sentiment import base as base_file  # noqa: PLC0415
    from sentiment.train import graph  # noqa: PLC0415
    from sentiment.train.network import Network  # noqa: PLC0415

    state = torch.load(checkpoint, weights_only=True, map_location="cpu")["network"]
    # a student may have fewer layers than the base
    layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
    shape = replace(base_file.read(base / "e5-small-q4.bin").shape, layers=layers)
    network = Network(shape)
    network.load_state_dict(state)
    values = {name: value.float().numpy() for name, value in network.state_dict().items()}
    graph.save(graph.build(values, shape, network.taps), folder / weights.ENCODER)


def write_config(folder: Path, version: str, fitted: calibrate.Calibration, about: dict[str, Any]) -> None:
    """Write ``config.json`` and the manifest."""
    document = {
        "name": NAME,
        "version": version,
        "calibration": fitted.as_dict(),
        "about": about,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    (folder / weights.CONFIG).write_text(text, encoding="utf-8")
    weights.seal(folder)


def export(checkpoint: Path, base: Path, data_folder: Path, folder: Path, *, version: str) -> None:
    """Make a weights folder from the check-point in its work folder.

    Raises DataError when the held-out texts for the calibration cannot be read, OSError when the
    folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (weights.EMBEDDINGS, weights.TOKENIZER):
        if (checkpoint.parent / name).resolve() != (folder / name).resolve():
            shutil.copyfile(checkpoint.parent / name, folder / name)
    write_encoder(checkpoint, base, folder)
    run = checkpoint.parent / "run.json"
    about = {"run": json.loads(run.read_text(encoding="utf-8"))} if run.exists() else {}
    write_config(folder, version, _NEUTRAL, about)
    model = ShippedModel(folder)
    fitted = fit(
        measure(model, tempering_rows(data_folder)),
        measure(model, data.read_urgency(data_folder, "dev")),
    )
    write_config(folder, version, fitted, about)


def tempering_rows(folder: Path) -> list[Row]:
    """Held-out rows with a sentiment, the same number of every set."""
    from sentiment.train.mix import CAPS, draw  # noqa: PLC0415 - only training needs it

    rows: list[Row] = []
    for name in data.set_names(folder):
        if name not in CAPS:
            continue
        found = [row for row in data.read_set(folder, name, "dev") if row.sentiment is not None]
        rows.extend(draw(found, PER_SET))
    return rows


def measure(model: ShippedModel, rows: Sequence[Row]) -> Measured:
    """Run rows through the encoder; rows that are empty or fail are left out."""
    found = model.logits([row.text for row in rows])
    kept: list[Row] = []
    logits: list[Logits] = []
    for row, item in zip(rows, found, strict=True):
        if item is not None and not isinstance(item, Exception):
            kept.append(row)
            logits.append(item)
    return Measured(kept, logits)


def fit(moods: Measured, urgent: Measured) -> calibrate.Calibration:
    """Fit every number of the calibration."""
    logits = np.stack([item.sentiment for item in moods.logits])
    labels = np.array([row.sentiment for row in moods.rows], np.int64)
    languages = [row.lang for row in moods.rows]
    return fit_urgency(urgent, calibrate.fit_temperatures(logits, labels, languages))


def fit_urgency(urgent: Measured, temperatures: dict[str, float]) -> calibrate.Calibration:
    """Fit all but the sentiment's temperatures, which are given."""
    steps = np.stack([item.urgency for item in urgent.logits])
    levels = np.array([row.urgency for row in urgent.rows])
    spoken = [row.lang for row in urgent.rows]
    lines = calibrate.fit_lines(steps, levels, spoken)
    reply_logits = np.array([item.reply[0] for item in urgent.logits], np.float32)
    replies = np.array([row.reply == 1 for row in urgent.rows])
    reply = calibrate.fit_line(reply_logits, replies)
    draft = calibrate.Calibration(temperatures, lines, (0.5, 0.5, 0.5), reply, 0.5)
    chances = np.stack(
        [draft.steps(item.urgency, code) for item, code in zip(urgent.logits, spoken, strict=True)]
    )
    first, second, third = (
        calibrate.fit_threshold(chances[:, step], levels >= step + 1) for step in range(3)
    )
    asked = np.array([draft.wants_reply(float(value)) for value in reply_logits])
    return calibrate.Calibration(
        temperatures,
        lines,
        # in order, so that a level is an alert exactly when P(level >= 2) reaches the second threshold
        (min(first, second), second, max(second, third)),
        reply,
        calibrate.fit_threshold(asked, replies),
    )
