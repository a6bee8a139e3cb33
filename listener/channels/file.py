"""A file that another program writes: CSV or JSON lines, read again whenever it changed; no replies.

The cursor holds size and time of the last reading. Rows keep their id (or their hash), so reading again is harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from listener.channels.base import Channel, Cursor, Limits, Listen, Options, Page, Post
from listener.errors import ChannelError
from listener.rowposts import post_of_row
from listener.rows import BadRow, RowsError, read_rows

PAGE = 500
SHOWN = 5  # bad rows named in an error


class FileOptions(Options):
    """Options of `source add file`."""

    path: Path = Field(description="CSV or JSON lines with id, text, author, url, posted_at, lang, rating")


class File(Channel[FileOptions]):
    """One file."""

    kind: ClassVar[str] = "file"
    title: ClassVar[str] = "File"
    options_type = FileOptions

    @classmethod
    def identity_of(cls, options: FileOptions) -> tuple[str, str]:
        """The path is the identity."""
        return "", str(options.path)[-200:]

    @property
    def instance(self) -> str:
        """Name of the file: two files may number their rows alike."""
        return self.options.path.name

    def limits(self) -> Limits:
        """A look at the file's time costs nothing."""
        return Limits(poll_every=timedelta(minutes=1))

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Read the whole file when it changed since the last reading. Bad rows are reported after the good ones."""
        del what  # whoever names a file wants all of it
        seen = self._state()
        if cursor is not None and {key: cursor.get(key) for key in seen} == seen:
            yield Page((), cursor)
            return
        at = datetime.now(UTC)
        bad: list[BadRow] = []
        posts = self._posts(at, bad)
        while batch := list(islice(posts, PAGE)):
            # the old cursor until all is read: a run that dies reads the file again
            yield Page(batch, None, truncated=True)
        yield Page((), seen | {"v": 1})
        if bad:
            named = "; ".join(f"line {row.line}: {row.reason}" for row in bad[:SHOWN])
            more = f" and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
            raise ChannelError(
                f"{len(bad)} rows of {self.options.path.name} were not read: {named}{more}",
                permanent=True,
                hint="Correct them; the file is read again when it changes.",
            )

    def check(self) -> str:
        """Read the file without keeping anything. Raises ChannelError."""
        bad: list[BadRow] = []
        good = sum(1 for _ in self._posts(datetime.now(UTC), bad))
        return f"{self.options.path}: {good} rows{f', {len(bad)} bad ones' if bad else ''}"

    def _state(self) -> dict[str, int]:
        try:
            found = self.options.path.stat()
        except OSError as error:
            raise ChannelError(
                f"{self.options.path} cannot be read: {error.strerror}",
                hint="Check the path and its permissions.",
            ) from error
        return {"size": found.st_size, "mtime": found.st_mtime_ns}

    def _posts(self, at: datetime, bad: list[BadRow]) -> Iterator[Post]:
        try:
            for row in read_rows(self.options.path):
                if isinstance(row, BadRow):
                    bad.append(row)
                else:
                    yield post_of_row(row.values, instance=self.instance, at=at)
        except RowsError as error:
            raise ChannelError(
                str(error), hint="Correct the file; it is read again when it changes."
            ) from error
