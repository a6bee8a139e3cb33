"""Rows of a CSV, TSV or JSON-lines source, gzipped or not, from a file or from standard input.

Every problem is a DataError that names the source and the line. Nothing is guessed about what the
columns mean; that is the caller's business.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GZIP: Final = b"\x1f\x8b"
_LONGEST_FIELD: Final = 100_000_000
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Record = dict[str, Any]


def read_file(path: Path) -> Iterator[tuple[int, Record]]:
    """Yield (line, record) of a file; the line is where the record begins, the first being 1.

    Raises DataError when the file or one of its lines cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}). Name an existing file.") from error
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return read(raw, str(path), kind=suffixes[-1] if suffixes else "")


def read(raw: bytes, name: str, *, kind: str = "") -> Iterator[tuple[int, Record]]:
    """Yield (line, record) of bytes; ``kind`` is a file suffix, "" = look at the content."""
    text = _decode(raw, name)
    if kind not in {".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson"}:
        kind = _kind(text)
    if kind in {".json", ".jsonl", ".ndjson"}:
        if text.lstrip()[:1] == "[":
            return _array(text, name)
        return _json_lines(text, name)
    return _separated(text, name, tabs=kind in {".tsv", ".tab"})


def _decode(raw: bytes, name: str) -> str:
    if raw[:2] == _GZIP:
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{name}: the gzip data is damaged ({error}). Copy the file again.") from error
    encoding = next((known for bom, known in _BOMS if raw.startswith(bom)), "utf-8")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name}: line {line} is not UTF-8. Save the file as UTF-8.") from error


def _kind(text: str) -> str:
    start = text.lstrip()[:1]
    if start in {"{", "["}:
        return ".jsonl"
    head = text.partition("\n")[0]
    return ".tsv" if head.count("\t") > head.count(",") else ".csv"


def _json_lines(text: str, name: str) -> Iterator[tuple[int, Record]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DataError(
                f"{name}: line {number} is not JSON ({error}). Write one object a line."
            ) from error
        if not isinstance(record, dict):
            raise DataError(f"{name}: line {number} is not a JSON object. Write one object a line.")
        yield number, record


def _array(text: str, name: str) -> Iterator[tuple[int, Record]]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DataError(f"{name}: is not JSON ({error}).") from error
    for number, record in enumerate(document, 1):
        if not isinstance(record, dict):
            raise DataError(f"{name}: element {number} is not a JSON object.")
        yield number, record


def _separated(text: str, name: str, *, tabs: bool) -> Iterator[tuple[int, Record]]:
    csv.field_size_limit(_LONGEST_FIELD)
    lines = io.StringIO(text, newline="")
    if tabs:  # texts in TSV begin with quotation marks that mean nothing
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.DictReader(lines, strict=True)
    before = 1
    try:
        header = reader.fieldnames or []
        before = reader.line_num + 1
        for record in reader:
            if None in record:
                raise DataError(
                    f"{name}: line {before} has more cells than the header's {len(header)}."
                    " Quote the text or check the separator."
                )
            yield before, record
            before = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{name}: line {before} cannot be parsed ({error}).") from error
