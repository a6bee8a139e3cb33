"""A process that holds streams until it is killed: `python -m tests.listener.streams.holder DATABASE_URL SECONDS`.

Its lease lasts SECONDS. It says "holding" when a stream is up, and ends in good order at SIGTERM.
"""

from __future__ import annotations

import queue
import signal
import sys
import threading
from datetime import timedelta

from listener import channels
from listener.db import Database
from listener.streams import lease
from listener.streams.supervisor import Streams
from tests.listener.rooms import ground
from tests.listener.streams.room import Brook


def main(url: str, seconds: str) -> None:
    lease.LEASE = timedelta(seconds=float(seconds))
    channels.KINDS["brook"] = "tests.listener.streams.room:Brook"
    Brook.arrivals, Brook.connected = queue.Queue(), []
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    streams = Streams(Database(url), ground(), heard=lambda _counts: None, tick=0.1)
    streams.start()
    while not Brook.connected and not over.wait(0.02):
        pass
    sys.stdout.write("holding\n")
    sys.stdout.flush()
    over.wait()
    streams.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
