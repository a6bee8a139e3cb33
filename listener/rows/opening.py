"""Opens a file of rows whatever it is packed in, and hands out its lines with their numbers.

UTF-8 is expected, UTF-16 is known by its mark. Bytes that are neither do not stop the file: they come as lone
surrogates ("surrogateescape"), so that only their row is refused.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, cast

from listener.rows.error import RowsError

_LONGEST = 16_000_000  # characters of one line
_GZIP = b"\x1f\x8b"
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_KNOWN = {
    b"PK\x03\x04": "a ZIP or Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF",
    b"SQLite format": "a database",
    b"PAR1": "a Parquet file",
}
_UNDECODED = re.compile("[\udc80-\udcff]")


class Lines:
    """Lines with their ends kept; `number` is that of the last one given. Lines can be put back."""

    def __init__(self, stream: IO[str], name: str, layers: ExitStack | None = None) -> None:
        """`layers` undoes what was put around the stream that was handed in."""
        self.name = name
        self.number = 0
        self._stream = stream
        self._layers = layers or ExitStack()
        self._back: deque[str] = deque()

    def next(self) -> str:
        """Return the next line, "" at the end. Raises RowsError when the file breaks off."""
        line = self._back.popleft() if self._back else self._fetch()
        self.number += bool(line)
        return line

    def peek(self) -> str:
        """Return the next line that is not blank, without moving on from where it stands."""
        blank: list[str] = []
        while (line := self.next()) and not line.strip():
            blank.append(line)
        self.put_back([*blank, line] if line else blank)
        return line

    def put_back(self, lines: list[str]) -> None:
        """Take lines back, in order; they are given again."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)

    def close(self) -> None:
        """Close what was opened here, not what was handed in."""
        self._layers.close()

    def _fetch(self) -> str:
        try:
            line = self._stream.readline(_LONGEST)
        except UnicodeDecodeError as error:
            raise RowsError(
                f"{self.name}: line {self.number + 1} is not text: {error.reason}; save it as UTF-8"
            ) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise RowsError(
                f"{self.name}: the packed file is damaged after line {self.number}; copy it again"
            ) from error
        except OSError as error:
            raise RowsError(
                f"{self.name} cannot be read after line {self.number}: {error.strerror}"
            ) from error
        if len(line) >= _LONGEST:
            raise RowsError(
                f"{self.name}: line {self.number + 1} is longer than {_LONGEST:,} characters; is it a table?"
            )
        return line


def undecoded(text: str) -> bool:
    """Return whether bytes of this text were not UTF-8."""
    return not text.isascii() and _UNDECODED.search(text) is not None


def opened(source: str | Path | IO[Any]) -> Lines:
    """Open a path, or take a stream of bytes or text. Raises RowsError."""
    if isinstance(source, str | Path):
        path = Path(source)
        try:
            raw: IO[bytes] = path.open("rb")
        except OSError as error:
            raise RowsError(
                f"{path} cannot be read: {error.strerror}; check the name and the permissions"
            ) from error
        try:
            return _lines(raw, str(path), owned=True)
        except BaseException:
            raw.close()
            raise
    name = str(getattr(source, "name", "the input"))
    stream: Any = source
    inner = getattr(stream, "buffer", None) if isinstance(stream, io.TextIOBase) else stream
    if inner is None:  # text in memory
        lines = Lines(cast("IO[str]", source), name)
        if not lines.peek():
            raise _empty(name)
        return lines
    return _lines(cast("IO[bytes]", inner), name, owned=False)


def _lines(raw: IO[bytes], name: str, *, owned: bool) -> Lines:
    layers = ExitStack()  # a layer that is merely forgotten closes what lies under it
    if owned:
        layers.callback(raw.close)
    try:
        buffered = _buffered(raw, layers)
        if buffered.peek(2)[:2] == _GZIP:
            packed = layers.enter_context(gzip.GzipFile(fileobj=buffered, mode="rb"))
            buffered = _buffered(packed, layers)
        head = buffered.peek(4096)[:4096]
    except (OSError, EOFError, zlib.error) as error:
        layers.close()
        reason = getattr(error, "strerror", None) or error
        raise RowsError(f"{name} cannot be read: {reason}; check that it is a complete file") from error
    with ExitStack() as on_error:
        on_error.push(layers)
        kind = next((known for magic, known in _KNOWN.items() if head.startswith(magic)), None)
        encoding = next((coding for mark, coding in _MARKS.items() if head.startswith(mark)), "utf-8")
        if kind or (b"\0" in head and encoding != "utf-16"):
            raise RowsError(f"{name} is {kind or 'binary'}, not text; export it as CSV (UTF-8) or JSON lines")
        errors = "strict" if encoding == "utf-16" else "surrogateescape"
        text = io.TextIOWrapper(buffered, encoding=encoding, errors=errors, newline="")
        layers.callback(text.detach)
        lines = Lines(text, name, layers)
        if not lines.peek():
            raise _empty(name)
        on_error.pop_all()
    return lines


def _buffered(raw: Any, layers: ExitStack) -> io.BufferedReader:
    if isinstance(raw, io.BufferedReader):
        return raw
    made = io.BufferedReader(raw)
    layers.callback(made.detach)
    return made


def _empty(name: str) -> RowsError:
    return RowsError(f"{name} is empty; it needs a header and at least a column of texts")
