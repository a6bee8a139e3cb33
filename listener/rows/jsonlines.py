"""Rows of JSON lines: one object a line; `user.name` in a mapping reaches into an object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from listener.rows.error import RowsError
from listener.rows.opening import Lines, undecoded
from listener.rows.values import FIELDS

_LOOKED_AT = 50  # rows without a text after which the file is taken for another kind of file


def rows(lines: Lines, mapping: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Return the rows: (line, values by field or what is wrong). Raises RowsError when the first 50 have no text."""
    keys = {field: mapping.get(field, field) for field in FIELDS}
    head: list[str] = []
    while len(head) < _LOOKED_AT and (line := lines.next()):
        head.append(line)
    parsed = [found for found in (_object(line) for line in head if line.strip()) if isinstance(found, dict)]
    lines.put_back(head)
    if parsed and not any(_value(found, keys["text"]) is not None for found in parsed):
        names = ", ".join(list(dict.fromkeys(name for found in parsed for name in found))[:30])
        raise RowsError(
            f"{lines.name} has no {keys['text']!r}; its keys are: {names}. Say which one it is with --map text=…"
        )
    return _rows(lines, keys)


def _rows(lines: Lines, keys: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    while line := lines.next():
        if not line.strip():
            continue
        found = _object(line)
        if isinstance(found, str):
            yield lines.number, found
            continue
        values = {field: _value(found, key) for field, key in keys.items()}
        yield lines.number, {field: value for field, value in values.items() if value is not None}


def _object(line: str) -> dict[str, Any] | str:
    if undecoded(line):
        return "it holds bytes that are not UTF-8; save the file as UTF-8"
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        return f"it is not JSON: {error.msg} at character {error.pos + 1}"
    except (RecursionError, ValueError):
        return "it is not JSON that can be read: too deep, or a number too long"
    return found if isinstance(found, dict) else "it is not a JSON object"


def _value(found: Mapping[str, Any], key: str) -> Any:
    if key in found or "." not in key:
        return found.get(key)
    value: Any = found
    for part in key.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value
