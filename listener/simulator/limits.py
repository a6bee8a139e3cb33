"""Counting requests as Mastodon does: so many per five minutes and token (or address). `dialects` tells the numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands in the running window."""

    limit: int
    remaining: int
    reset: datetime
    exceeded: bool


class RateLimit:
    """Windows start at full five minutes, for everybody at once."""

    def __init__(self, limit: int, clock: Callable[[], datetime]) -> None:
        self.limit = limit
        self._clock = clock
        self._window = 0
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, who: str) -> Standing:
        """Count one request of somebody and return how they stand."""
        size = WINDOW.total_seconds()
        window = int(self._clock().timestamp() // size)
        with self._lock:
            if window != self._window:
                self._window, self._used = window, {}
            used = self._used.get(who, 0) + 1
            self._used[who] = used
        reset = datetime.fromtimestamp((window + 1) * size, UTC)
        return Standing(self.limit, max(0, self.limit - used), reset, used > self.limit)
