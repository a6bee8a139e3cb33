"""Snowflake-like ids: milliseconds since 1970 in the upper bits, a 16-bit tail that keeps them unique.

Source: Mastodon's lib/mastodon/snowflake.rb describes the layout. Must not be used as a clock.
"""

from __future__ import annotations

import threading
from datetime import datetime

_TAIL_BITS = 16


class Snowflakes:
    """Makes ids; two posts of the same millisecond get different ones, in the order they were asked for."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._lock = threading.Lock()

    def at(self, moment: datetime) -> str:
        """Return a new id for a post the server heard at `moment`."""
        number = int(moment.timestamp() * 1000) << _TAIL_BITS
        with self._lock:
            while number in self._taken:
                number += 1
            self._taken.add(number)
        return str(number)
