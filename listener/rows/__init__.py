"""Rows of a file that somebody hands us: CSV, TSV or JSON lines, also .gz; every good row, and why a bad one is bad.

Reads row by row and keeps nothing; what becomes of a row is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from listener.rows import jsonlines, table
from listener.rows.error import RowsError
from listener.rows.opening import Lines, opened
from listener.rows.values import FIELDS, BadValueError, read

__all__ = ["FIELDS", "BadRow", "Row", "RowsError", "read_rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """A good row: `values` has a key for every field the row fills, named as in `FIELDS`.

    line: of the file, where the row starts; the header of a table is line 1. posted_at is an aware datetime (UTC
    where the file names no zone), rating a float, everything else a str.
    """

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out, and what is wrong with it."""

    line: int
    reason: str


def read_rows(
    source: str | Path | IO[Any], *, mapping: Mapping[str, str] | None = None
) -> Iterator[Row | BadRow]:
    """Open a file and yield its rows; `mapping` says which column holds a field, as {"id": "tweet_id"}.

    Raises RowsError at once for a file that cannot be used at all (missing, a folder, empty, binary, without a text
    column), and while reading for one that breaks off.
    """
    mapping = mapping or {}
    unknown = sorted(set(mapping) - set(FIELDS))
    if unknown:
        raise RowsError(f"there is no field {unknown[0]!r} to map to; the fields are {', '.join(FIELDS)}")
    lines = opened(source)
    try:
        raw = _kind_of(lines)(lines, mapping)
    except BaseException:
        lines.close()
        raise
    return _read(raw, lines.close)


def _kind_of(
    lines: Lines,
) -> Callable[[Lines, Mapping[str, str]], Iterator[tuple[int, dict[str, Any] | str]]]:
    first = lines.peek().lstrip()
    if first.startswith("["):
        raise RowsError(
            f"{lines.name} is one JSON list; write one JSON object a line instead (jq -c '.[]' does it)"
        )
    return jsonlines.rows if first.startswith("{") else table.rows


def _read(
    raw: Iterator[tuple[int, dict[str, Any] | str]], close: Callable[[], None]
) -> Iterator[Row | BadRow]:
    try:
        for line, found in raw:
            if isinstance(found, str):
                yield BadRow(line, found)
                continue
            try:
                yield Row(line, read(found))
            except BadValueError as error:
                yield BadRow(line, str(error))
    finally:
        close()
