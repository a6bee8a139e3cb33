"""Switches that make the simulated platforms misbehave on purpose, for tests and drills. Thread-safe.

A fault is set for the next `times` matching requests (None = until cleared). It must not change the world itself:
what `accepted_then_503` accepts is stored by the ordinary code. The one that does is `deleted_author`: for good.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from listener.simulator.errors import SimulatorError

KINDS = {
    "rate_limited": "429 whose reset is `seconds` ahead",
    "server_error": "`status` (default 500) instead of an answer",
    "stall": "wait `seconds` before the answer",
    "truncated": "cut the body in the middle",
    "not_json": "200 with an HTML page",
    "accepted_then_503": "what is posted is stored, then 503 is answered",
    "unauthorized": "401 although the token is good",
    "duplicate_pages": "a page repeats the entries of the page above it",
    "looping_cursor": "the next page is the same one again",
    "deleted_author": "before the answer the author of the newest post deletes the account",
    "read_lag": "own new statuses cannot be read for `seconds`",
}
PLATFORM_WIDE = frozenset({"duplicate_pages", "read_lag"})
_NAMES = ("times", "seconds", "status", "path", "after")
_DEFAULT_SECONDS = {"rate_limited": 30.0, "stall": 60.0, "read_lag": 10.0}


@dataclass(slots=True)
class Fault:
    """One switched-on fault.

    path: only requests whose path with query contains it, as /reddit/ or page=2; after: matching ones to let by first;
    taken: how often it has struck.
    """

    kind: str
    times: int | None = 1
    seconds: float = 0.0
    status: int = 500
    path: str = ""
    after: int = 0
    taken: int = 0


class Faults:
    """The set of faults that are switched on."""

    def __init__(self) -> None:
        self._on: list[Fault] = []
        self._lock = threading.Lock()

    def set(
        self,
        kind: str,
        *,
        times: int | None = 1,
        seconds: float | None = None,
        status: int = 500,
        path: str = "",
        after: int = 0,
    ) -> Fault:
        """Switch a fault on. Raises SimulatorError for an unknown kind or figures that make no sense."""
        if kind not in KINDS:
            raise SimulatorError(f"unknown fault {kind!r}; there are: {', '.join(sorted(KINDS))}")
        seconds = _DEFAULT_SECONDS.get(kind, 0.0) if seconds is None else seconds
        timely = 0 <= seconds <= 3600 and (times is None or times >= 1) and after >= 0  # noqa: PLR2004
        sensible = timely and 400 <= status <= 599  # noqa: PLR2004
        if not sensible:
            raise SimulatorError(
                "seconds must be 0 to 3600, times at least 1, status 400 to 599, after at least 0"
            )
        fault = Fault(kind, None if kind in PLATFORM_WIDE else times, seconds, status, path, after)
        with self._lock:
            self._on = [other for other in self._on if other.kind not in PLATFORM_WIDE or other.kind != kind]
            self._on.append(fault)
        return fault

    def order(self, written: str) -> Fault:
        """Switch on what is written as KIND[:name=value,…], as rate_limited:path=/x/,seconds=60,times=always.

        Raises SimulatorError, which says how it is written.
        """
        kind, _, more = written.partition(":")
        told: dict[str, str] = {}
        for pair in filter(None, more.split(",")):
            name, equals, value = pair.partition("=")
            if not equals or name not in _NAMES:
                raise SimulatorError(f"fault {written!r}: write KIND[:name=value,…] with {', '.join(_NAMES)}")
            told[name] = value
        try:
            times = None if told.get("times") == "always" else int(told.get("times", 1))
            seconds = float(told["seconds"]) if "seconds" in told else None
            status, after = int(told.get("status", 500)), int(told.get("after", 0))
        except ValueError as error:
            message = f"fault {written!r}: times (or always), status, after and seconds are numbers"
            raise SimulatorError(message) from error
        path = told.get("path", "")
        return self.set(kind, times=times, seconds=seconds, status=status, path=path, after=after)

    def clear(self, kind: str | None = None) -> None:
        """Switch one kind off, or everything."""
        with self._lock:
            self._on = [fault for fault in self._on if kind is not None and fault.kind != kind]

    def take(self, kind: str, path: str) -> Fault | None:
        """Return the fault that applies to this request and use it up once, or None."""
        with self._lock:
            for fault in self._on:
                if fault.kind == kind and fault.path in path:
                    if fault.after:
                        fault.after -= 1
                        continue
                    fault.taken += 1
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times == 0:
                            self._on.remove(fault)
                    return fault
        return None

    @property
    def read_lag(self) -> float:
        """Seconds for which own new statuses cannot be read; 0 is normal."""
        with self._lock:
            return max((fault.seconds for fault in self._on if fault.kind == "read_lag"), default=0.0)

    def listed(self) -> list[Fault]:
        """Return what is switched on."""
        with self._lock:
            return list(self._on)
