"""A model measured on the very rows its calibration was fitted on, without flattering it.

For each fifth of the rows, scales, shifts and thresholds are fitted anew on the other four; encoder and heads stay.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sentiment import export
from sentiment.calibrate import Calibration
from sentiment.engine.shipped import ShippedModel
from sentiment.errors import DataError
from sentiment.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentiment.data import Row
    from sentiment.reading import Reading

FOLDS = 5


class Crossed:
    """Reads the rows it was made for, each with a calibration that did not see it."""

    def __init__(self, folder: Path, rows: Sequence[Row], *, threads: int | None = None) -> None:
        """Load the model. Raises DataError when rows have no urgency or needs_reply."""
        if any(row.urgency is None or row.reply is None for row in rows):
            raise DataError("--cross-fit fits thresholds: every row needs urgency and needs_reply.")
        self._model = ShippedModel(folder, threads=threads)
        self._rows = list(rows)
        config = self._model.config
        self.name = f"{config.name}-{config.version}, cross-fitted"

    def read(
        self,
        texts: Sequence[str],
        *,
        languages: Sequence[str | None] | None = None,
        reasons: bool = True,
    ) -> list[Reading]:
        """One reading per row; ``texts`` must be those of the rows."""
        fold = [zlib.crc32(f"fold-{row.id}".encode()) % FOLDS for row in self._rows]
        temperatures = Calibration.from_dict(self._model.config.calibration).temperatures
        measured = export.measure(self._model, self._rows)
        place = {id(row): number for row, number in zip(self._rows, fold, strict=True)}
        found: dict[int, Reading] = {}
        for number in range(FOLDS):
            others = [index for index, row in enumerate(measured.rows) if place[id(row)] != number]
            known = export.Measured(
                [measured.rows[index] for index in others], [measured.logits[index] for index in others]
            )
            reader = Reader(self._model, calibration=export.fit_urgency(known, temperatures))
            mine = [index for index, each in enumerate(fold) if each == number]
            hints = [languages[index] for index in mine] if languages is not None else None
            readings = reader.read([texts[index] for index in mine], languages=hints, reasons=reasons)
            found.update(zip(mine, readings, strict=True))
        return [found[index] for index in range(len(self._rows))]
