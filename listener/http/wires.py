"""What a stream is heard through: a connection that stays open and says something now and then.

Two kinds, `lines` (HTTP) and `websocket`; both are opened by `Http` under the guard and end by themselves when nothing
came for too long. Whoever reads never blocks for longer than it asked to.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol, Self


class Wire(Protocol):
    """An open connection. A context manager that closes itself."""

    def receive(self, timeout: float) -> str | None:
        """Return the next message, None when none came within `timeout` seconds.

        Raises HttpError when the connection ended, broke, or was silent for too long.
        """

    def close(self) -> None:
        """Close the connection; may be called twice."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""


def gather(wire: Wire, seconds: float, *, most: int = 50, linger: float = 0.0) -> list[str]:
    """Wait at most `seconds` for a message; return it with those that have arrived behind it, `most` in all.

    One message is returned at once; a burst comes in few pieces, so that it is stored in few transactions. Where they
    never cease, `linger` says for how many seconds to collect.
    """
    first = wire.receive(seconds)
    found = [] if first is None else [first]
    ends = time.monotonic() + linger
    while found and len(found) < most:
        following = wire.receive(max(0.0, ends - time.monotonic()))
        if following is None:
            break
        found.append(following)
    return found
