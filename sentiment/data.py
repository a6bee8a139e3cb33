"""Reads labelled texts: the training sets, and any labelled file that a person evaluates on.

A set is a folder with ``train.tsv.gz`` and ``dev.tsv.gz``. Labels are normalised here and nowhere
else; which sets are used, how often and at what weight is decided in ``train/mix.py``.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.labels import CATEGORIES, LEVELS, SENTIMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HELD_OUT = 10
"""One row in this many, by hash of its id, is never trained on."""
_SENTIMENT_NAMES = {
    **{name: index for index, name in enumerate(SENTIMENTS)},
    "neg": 0, "neu": 1, "pos": 2, "-1": 0, "0": 1, "1": 2,
}  # fmt: skip
_YES = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}


class DataError(Exception):
    """A labelled file that cannot be used; the message names file, line and what to do."""


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


def read_table(path: Path) -> Iterator[dict[str, str]]:
    """Yield the records of a TSV, CSV or JSON-lines file, gzipped or not.

    Raises DataError naming the file when it cannot be read, and the line when it cannot be parsed.
    """
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        text = raw.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Give a UTF-8 file.") from error
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if kind in {".jsonl", ".json", ".ndjson"}:
        yield from _json_lines(path, text)
    elif kind == ".tsv":
        lines = io.StringIO(text, newline="\n")
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        yield from csv.DictReader(io.StringIO(text, newline=""))


def _json_lines(path: Path, text: str) -> Iterator[dict[str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}: line {number} is not JSON ({error}).") from error
        if not isinstance(record, dict):
            raise DataError(f"{path}: line {number} is not a JSON object.")
        yield {key: "" if value is None else str(value) for key, value in record.items()}


def parse(record: Mapping[str, str], *, source: str, number: int) -> Row:
    """One record to a Row. Raises DataError with the row's number for a label that is unknown."""

    def label(name: str, known: Mapping[str, int]) -> int | None:
        value = (record.get(name) or "").strip().lower()
        if value == "":
            return None
        if value not in known:
            raise DataError(
                f"{source}: row {number}: {name} is {value!r}; known are {', '.join(known)}."
            )
        return known[value]

    if record.get("text") is None:
        raise DataError(f"{source}: row {number}: no column named text.")
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
        parse(record, source=path.name, number=number)
        for number, record in enumerate(read_table(path), 1)
    ]


def read_set(folder: Path, name: str, split: str) -> list[Row]:
    """Read one split of a training set; the source's own urgency and category stay in ``raw``."""
    path = folder / "clean" / name / f"{split}.tsv.gz"
    rows = []
    for number, record in enumerate(read_table(path), 1):
        sentiment = {"sentiment": record.get("sentiment") or ""}
        row = parse({**_plain(record), **sentiment}, source=name, number=number)
        row.raw = {key: record.get(key) or "" for key in ("category", "intent", "urgency")}
        rows.append(row)
    return rows


def _plain(record: Mapping[str, str]) -> dict[str, str]:
    return {key: record.get(key) or "" for key in ("id", "lang", "channel", "text")}


def read_urgency(folder: Path, split: str) -> list[Row]:
    """Read one split of the set that people labelled for urgency, one mention at a time."""
    return read_labelled(folder / "urgency" / f"{split}.tsv.gz")


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
