"""Keeps the streams of one process: claims those nobody holds, one thread each, and ends them when they shall end.

Any number of processes may do this at once: the lease decides (`lease`). Starts and stops with the workers, but shares
no thread with them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from listener import log
from listener.db import Database, now
from listener.ground import Ground
from listener.queue import Job, run_job
from listener.streams import lease
from listener.streams.follow import Heard, follow
from listener.streams.lease import Held

logger = log.get(__name__)
TICK = 2.0  # seconds between two looks at the rows
RENEW = 8.0  # seconds between two renewals: three fit into a lease
HUNG = 120.0  # seconds without a sign of life: the lease of such a stream is left to expire
MOST = 50  # streams of one process


@dataclass
class _Running:
    held: Held
    stop: threading.Event = field(default_factory=threading.Event)
    alive_at: float = field(default_factory=time.monotonic)
    thread: threading.Thread | None = None

    def alive(self) -> None:
        """Note a sign of life."""
        self.alive_at = time.monotonic()


class Streams:
    """The streams of this process. `heard` is called with the counts of each page that was stored, `may` is asked at
    each look whether there shall be any."""

    def __init__(
        self,
        db: Database,
        ground: Ground,
        *,
        heard: Heard,
        may: Callable[[Session], bool] = lambda _session: True,
        tick: float = TICK,
        most: int = MOST,
    ) -> None:
        self._db, self._ground, self._heard, self._may = db, ground, heard, may
        self._tick, self._most = tick, most
        self._running: dict[int, _Running] = {}
        self._stop = threading.Event()
        self._renewed_at = 0.0
        self._thread = threading.Thread(target=self._loop, name="streams", daemon=True)

    def start(self) -> None:
        """Start looking after streams."""
        self._thread.start()

    def stop(self, seconds: float = 8.0) -> None:
        """End all streams and give them back, within `seconds`; one that does not end keeps its lease until it
        expires."""
        self._stop.set()
        deadline = time.monotonic() + seconds
        for one in list(self._running.values()):
            one.stop.set()
        _join(self._thread, deadline)
        for one in self._running.values():  # one may have been claimed meanwhile
            one.stop.set()
        for one in self._running.values():
            _join(one.thread, deadline)

    def look(self) -> None:
        """Look once: reap what ended, renew leases, end what is no longer wanted, claim what is free."""
        for source_id, one in list(self._running.items()):
            if one.thread is not None and not one.thread.is_alive():
                del self._running[source_id]
        self._renew()
        with self._db.read() as session:
            wanted = lease.wanted(session) if self._may(session) else {}
        for source_id, one in self._running.items():
            if source_id not in wanted or wanted[source_id].listens != one.held.listens:
                one.stop.set()  # it is claimed anew when its thread has ended
        if not self._stop.is_set():
            room = self._most - len(self._running)
            for held in lease.claim(self._db, wanted, at=now(), room=room, but=set(self._running)):
                self._follow(held)

    def _loop(self) -> None:
        while True:
            run_job(Job("streams", self.look), ())
            if self._stop.wait(self._tick):
                return

    def _renew(self) -> None:
        moment = time.monotonic()
        if moment - self._renewed_at < min(RENEW, lease.LEASE / timedelta(seconds=3)):
            return
        self._renewed_at = moment
        lively = [one.held for one in self._running.values() if moment - one.alive_at < HUNG]
        for held in lease.renew(self._db, lively, at=now()):
            self._running[held.source_id].stop.set()

    def _follow(self, held: Held) -> None:
        one = _Running(held)
        job = Job(
            "stream",
            lambda _source_id: follow(
                self._db, self._ground, held, one.stop, alive=one.alive, heard=self._heard
            ),
        )
        one.thread = threading.Thread(
            target=run_job, args=(job, (held.source_id,)), name=f"stream-{held.source_id}", daemon=True
        )
        self._running[held.source_id] = one
        one.thread.start()


def _join(thread: threading.Thread | None, deadline: float) -> None:
    if thread is not None and thread.is_alive():
        thread.join(max(0.0, deadline - time.monotonic()))
