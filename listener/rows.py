"""Reads rows of a CSV or JSON lines file, one at a time; a bad row is named by its line and does not end the reading.

Knows nothing of posts: columns are texts (CSV) or JSON values. The line of a row is where it starts; the header is 1.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from listener.errors import ListenerError

DELIMITERS = ",;\t|"
LONGEST_FIELD = 10_000_000  # characters; beyond it a quote was not closed
JSON_NAMES = frozenset({".jsonl", ".ndjson", ".json"})
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")  # what surrogateescape leaves of bytes that are not UTF-8


class RowsError(ListenerError):
    """A file that cannot be read as rows at all; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A good row: its line and its columns by name."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, and why."""

    line: int
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the object that `import --json` prints."""
        return {"line": self.line, "reason": self.reason}


def read(
    path: Path, *, mapping: Mapping[str, str] | None = None, needs: Sequence[str] = ()
) -> Iterator[Row | BadRow]:
    """Yield the rows of a file with their columns renamed by `mapping` (our name → the file's).

    `needs`: names that a header must have. Raises RowsError when the file cannot be opened or has no such columns.
    """
    try:
        file = _open(path)
    except OSError as error:
        raise RowsError(f"{path} cannot be read: {error.strerror or error}") from error
    with file:
        first = _first(file)
        if not first:
            return
        if path.suffix.lower() in JSON_NAMES or first == "{":
            yield from _json_lines(file, first, mapping or {})
        else:
            yield from _csv(file, path, mapping or {}, needs)


def _open(path: Path) -> TextIO:
    """Open as UTF-8 (with or without mark), or as UTF-16 when the file says so by its mark."""
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder", str(path))
    with path.open("rb") as file:
        start = file.read(2)
    wide = start in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    return path.open(
        encoding="utf-16" if wide else "utf-8-sig",
        errors="replace" if wide else "surrogateescape",
        newline="",
    )


def _first(file: TextIO) -> str:
    """Return the first character that is not white space, leaving the file at its start."""
    found = ""
    while chunk := file.read(4096):
        if chunk.strip():
            found = chunk.lstrip()[0]
            break
    file.seek(0)
    return found


def _json_lines(file: TextIO, first: str, mapping: Mapping[str, str]) -> Iterator[Row | BadRow]:
    if first == "[":
        raise RowsError("the file is one JSON list; write one JSON object a line (JSON lines)")
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        if _NOT_UTF8.search(line):
            yield BadRow(number, "is not UTF-8 text")
            continue
        try:
            values = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            yield BadRow(number, f"is not JSON: {error}"[:200])
            continue
        if not isinstance(values, dict):
            yield BadRow(number, "is not a JSON object")
            continue
        yield Row(number, _renamed(values, mapping))


def _csv(
    file: TextIO, path: Path, mapping: Mapping[str, str], needs: Sequence[str]
) -> Iterator[Row | BadRow]:
    csv.field_size_limit(LONGEST_FIELD)
    head = file.readline()
    file.seek(0)
    # seek on a file with a mark reads the mark again: utf-8-sig takes it away once more
    reader = csv.reader(_without_nul(file), delimiter=_delimiter(head))
    try:
        header = [name.strip() for name in next(reader)]
    except (csv.Error, StopIteration) as error:
        raise RowsError(f"{path.name} has no header row: {error}") from error
    _check(header, path, mapping, needs)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(line, f"is not CSV: {error}")
            continue
        if not any(field.strip() for field in fields):
            continue
        if len(fields) > len(header):
            yield BadRow(
                line, f"has {len(fields)} columns, the header has {len(header)}; is a text not in quotes?"
            )
        elif any(_NOT_UTF8.search(field) for field in fields):
            yield BadRow(line, "is not UTF-8 text; save the file as UTF-8")
        else:
            yield Row(line, _renamed(dict(zip(header, fields, strict=False)), mapping))


def _delimiter(head: str) -> str:
    """Return the delimiter that occurs most in the header; a single column has none, and then any will do."""
    return max(DELIMITERS, key=head.count)


def _check(header: Sequence[str], path: Path, mapping: Mapping[str, str], needs: Sequence[str]) -> None:
    columns = ", ".join(header[:30])
    for name, column in mapping.items():
        if column not in header:
            raise RowsError(
                f"{path.name} has no column {column!r} (--map {name}={column}); its columns: {columns}"
            )
    for name in needs:
        if mapping.get(name, name) not in header:
            raise RowsError(
                f"{path.name} has no column {name!r}; its columns: {columns}. Use --map {name}=COLUMN"
            )


def _renamed(values: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    if not mapping:
        return values
    return values | {name: values.get(column) for name, column in mapping.items()}


def _without_nul(lines: TextIO | io.TextIOBase) -> Iterator[str]:
    for line in lines:
        yield line.replace("\0", "") if "\0" in line else line
