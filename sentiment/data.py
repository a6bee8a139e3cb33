"""Reads labelled texts: the training sets, and any labelled file that a person evaluates on.

A set is a folder with ``train.tsv.gz`` and ``dev.tsv.gz``. Labels are normalised here and nowhere
else; which sets are used, how often and at what weight is decided in ``train/mix.py``.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sentiment import table
from sentiment.errors import DataError
from sentiment.labels import CATEGORIES, LEVELS, SENTIMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

HELD_OUT = 10
"""One row in this many, by hash of its id, is never trained on."""
_SENTIMENT_NAMES = {
    **{name: index for index, name in enumerate(SENTIMENTS)},
    "neg": 0, "neu": 1, "pos": 2, "-1": 0, "0": 1, "1": 2,
}  # fmt: skip
_YES = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}


@dataclass(slots=True)
class Row:
    """One labelled text; a label that is not known is None."""

    id: str
    source: str
    lang: str
    channel: str
    text: str
    sentiment: int | None = None
    urgency: int | None = None
    category: int | None = None
    reply: int | None = None
    sure: bool = True
    """False where the person who labelled the row was in doubt."""
    raw: Mapping[str, str] = field(default_factory=dict)
    """Labels of the source in its own words."""


def held_out(row_id: str) -> bool:
    """True for the tenth of every set that no training run sees."""
    return zlib.crc32(row_id.encode()) % HELD_OUT == 0


def parse(record: Mapping[str, str], *, source: str, number: int) -> Row:
    """One record to a Row. Raises DataError with the row's line for a label that is unknown."""

    def label(name: str, known: Mapping[str, int]) -> int | None:
        value = (record.get(name) or "").strip().lower()
        if value == "":
            return None
        if value not in known:
            raise DataError(f"{source}: line {number}: {name} is {value!r}; known are {', '.join(known)}.")
        return known[value]

    if record.get("text") is None:
        raise DataError(f"{source}: line {number}: no column named text.")
    return Row(
        id=record.get("id") or str(number),
        source=record.get("source") or source,
        lang=record.get("lang") or record.get("language") or "",
        channel=record.get("channel") or "",
        text=record["text"],
        sentiment=label("sentiment", _SENTIMENT_NAMES),
        urgency=label("urgency", {str(level): level for level in LEVELS}),
        category=label("category", {name: index for index, name in enumerate(CATEGORIES)}),
        reply=label("needs_reply", _YES),
        sure=record.get("confidence") != "low",
        raw=record,
    )


def read_labelled(path: Path) -> list[Row]:
    """Read a labelled file of a person: columns text and any of the four labels."""
    return [
        parse(_texts(record), source=path.name, number=number) for number, record in table.read_file(path)
    ]


def read_set(folder: Path, name: str, split: str) -> list[Row]:
    """Read one split of a training set; the source's own urgency and category stay in ``raw``."""
    path = folder / "clean" / name / f"{split}.tsv.gz"
    rows = []
    for number, record in table.read_file(path):
        sentiment = {"sentiment": str(record.get("sentiment") or "")}
        row = parse({**_plain(_texts(record)), **sentiment}, source=name, number=number)
        row.raw = {key: str(record.get(key) or "") for key in ("category", "intent", "urgency")}
        rows.append(row)
    return rows


def _texts(record: Mapping[str, object]) -> dict[str, str]:
    return {key: "" if value is None else str(value) for key, value in record.items()}


def _plain(record: Mapping[str, str]) -> dict[str, str]:
    return {key: record.get(key) or "" for key in ("id", "lang", "channel", "text")}


def read_urgency(folder: Path, split: str) -> list[Row]:
    """Read one split of the set that people labelled for urgency, one mention at a time."""
    return read_labelled(folder / "urgency" / f"{split}.tsv.gz")


def read_held_out(folder: Path, *, per_set: int) -> list[Row]:
    """Rows that no training run sees: of every set's held-out tenth ``per_set`` at most, by hash of the id.

    Only rows with a sentiment: the other labels of those sets are their source's own, not ours.
    """
    rows: list[Row] = []
    for name in set_names(folder):
        found = [
            row for row in read_set(folder, name, "train") if row.sentiment is not None and held_out(row.id)
        ]
        rows += sorted(found, key=lambda row: zlib.crc32(f"eval-{row.id}".encode()))[:per_set]
    return rows


def set_names(folder: Path) -> list[str]:
    """Names of the sets under ``folder``. Raises DataError when there are none."""
    clean = folder / "clean"
    names = sorted(p.name for p in clean.iterdir() if p.is_dir()) if clean.is_dir() else []
    if not names:
        raise DataError(f"{folder}: no sets. Give --data the folder that holds clean/ and urgency/.")
    return names


def without(rows: Iterable[Row], texts: set[str]) -> list[Row]:
    """Rows whose text is not in ``texts`` (compared without case and white space)."""
    return [row for row in rows if fingerprint(row.text) not in texts]


def fingerprint(text: str) -> str:
    """What two texts share when they are the same but for case and white space."""
    return "".join(text.lower().split())


def is_labelled(row: Row) -> bool:
    """True when the row has at least one label."""
    return any(getattr(row, name) is not None for name in ("sentiment", "urgency", "category", "reply"))
