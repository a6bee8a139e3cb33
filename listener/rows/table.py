"""Rows of a CSV or TSV table. The separator is found in the header; a broken row costs itself and no other.

Line numbers are of the file: a quoted field may span lines, and its row has the number of the first.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import Any

from listener.rows.error import RowsError
from listener.rows.opening import Lines, undecoded
from listener.rows.values import FIELDS

_SEPARATORS = ",;\t|"
_NONE = "\x1f"  # a table of one column has none, and its texts may hold all of them
_LONGEST_ROW = 2000  # lines; a field longer than that has lost its closing quote
_NOT_UTF8 = "it holds bytes that are not UTF-8; save the file as UTF-8"


def rows(lines: Lines, mapping: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Read the header now and return the rows: (line, values by field or what is wrong). Raises RowsError."""
    csv.field_size_limit(
        2**31 - 1
    )  # the library's 128 KB is less than a long mail; lines have a limit of their own
    lines.peek()
    header_line = lines.next()
    while not header_line.strip():
        header_line = lines.next()
    if undecoded(header_line):
        raise RowsError(f"{lines.name}: the header holds bytes that are not UTF-8; save the file as UTF-8")
    separator = _separator(header_line, lines.name)
    header = [name.strip() for name in next(csv.reader([header_line], delimiter=separator))]
    columns = _columns(header, mapping, lines.name)
    return _rows(lines, separator, len(header), columns)


def _rows(
    lines: Lines, separator: str, width: int, columns: Mapping[int, str]
) -> Iterator[tuple[int, dict[str, Any] | str]]:
    while True:
        start = lines.number + 1
        found = _next(lines, separator, width)
        if found is None:
            return
        if isinstance(found, str):
            yield start, found
        elif not found:
            continue  # a blank line
        elif len(found) > width:
            yield (
                start,
                f"it has {len(found)} columns, the header {width}; put texts that hold {separator!r} in quotes",
            )
        else:
            values = {
                field: found[at] for at, field in columns.items() if at < len(found) and found[at] != ""
            }
            if any(undecoded(value) for value in values.values()):
                yield start, _NOT_UTF8
            else:
                yield start, values


def _next(lines: Lines, separator: str, width: int) -> list[str] | str | None:
    """Return the fields of the next row, what is wrong with it, or None at the end."""
    taken: list[str] = []

    def feed() -> Iterator[str]:
        while len(taken) < _LONGEST_ROW and (line := lines.next()):
            taken.append(line)
            yield line

    try:
        return next(csv.reader(feed(), delimiter=separator, strict=True), None)
    except csv.Error:
        # only the first line is lost for certain; the others are read again as rows of their own
        lines.put_back(taken[1:])
    try:
        lenient = next(csv.reader(taken[:1], delimiter=separator))
    except csv.Error as error:
        return f"it is not a row of a table: {error}"
    if len(lenient) == width and '"' not in lenient[-1][:1] and not lenient[-1].endswith(("\n", "\r")):
        return lenient  # a stray quote inside a field, nothing lost
    return 'a quotation mark is opened and not closed as it should be; write "" for a quote inside a field'


def _separator(header: str, name: str) -> str:
    counts = dict.fromkeys(_SEPARATORS, 0)
    quoted = False
    for char in header:
        if char == '"':
            quoted = not quoted
        elif char in counts and not quoted:
            counts[char] += 1
    best = max(_SEPARATORS, key=lambda separator: counts[separator])
    if not counts[best] and name.removesuffix(".gz").endswith(".tsv"):
        return "\t"
    return best if counts[best] else _NONE


def _columns(header: list[str], mapping: Mapping[str, str], name: str) -> dict[int, str]:
    """Return which column holds which field."""
    places = {column.casefold(): at for at, column in reversed(list(enumerate(header)))}
    found: dict[int, str] = {}
    for field in FIELDS:
        column = mapping.get(field, field)
        at = places.get(column.strip().casefold())
        if at is not None:
            found[at] = field
        elif field in mapping:
            raise RowsError(
                f"{name} has no column {column!r} for {field}; its columns are: {', '.join(header)}"
            )
    if "text" not in found.values():
        raise RowsError(
            f"{name} has no column named text; its columns are: {', '.join(header)}. "
            "Say which one it is with --map text=…"
        )
    return found
