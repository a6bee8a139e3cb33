"""The other side of `collect`, as a process of its own: the simulator with so many posts of a kind, or a firehose.

Says one JSON line when it is ready; it answers every line with the seconds of processor time it has used.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks import _firehose
from benchmarks._posts import about
from listener.db import now
from listener.simulator import Simulator
from listener.simulator.drill.listening import hosts
from listener.simulator.places import Line, places

UNLIMITED = 10**9  # requests per five minutes
DAYS = 4
FIREHOSE = "firehose"


@dataclass(slots=True)
class Platform:
    """A running one. `hosts`: host:port of what it serves; `options`: of a source that listens to it."""

    process: subprocess.Popen[str]
    hosts: list[str]
    options: dict[str, str]

    def used(self) -> float:
        """Return the processor seconds it has used so far."""
        return float(_asked(self.process, "\n"))


@contextmanager
def platform(kind: str, count: int, *brands: str, core: int | None = None) -> Iterator[Platform]:
    """Start one with `count` posts of each brand; stopped at the end. `core`: the processor core it may use."""
    command = [sys.executable, "-m", "benchmarks._platform", kind, str(count), *brands]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509 - no threads yet
    ) as process:
        try:
            told = json.loads(_asked(process, ""))
            yield Platform(process, told["hosts"], told["options"])
        finally:
            process.terminate()


def _asked(process: subprocess.Popen[str], question: str) -> str:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the platform has no pipes")
    process.stdin.write(question)
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the platform has ended")
    return line


def filled(kind: str, count: int, brands: list[str]) -> Simulator:
    """Return a simulator with so many posts of a kind about each brand, said over a few days."""
    made = Simulator("quiet", live=False, rate_limit=UNLIMITED, mail=(0, 0) if kind == "email" else None)
    chance = random.Random(31)
    place, start = places()[kind], now() - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / (count * len(brands) + 1)
    for number in range(count * len(brands)):
        who = f"person{chance.randrange(2000)}"
        said = about(chance, brands[number % len(brands)])
        place.put(made.world, Line(who, who.title(), said, "en", start + step * number, title=said[:60]))
    return made


def main(kind: str, count: int, brands: list[str]) -> None:
    """Serve until the pipe is closed."""
    if kind == FIREHOSE:
        address = _firehose.start(count)
        told: dict[str, Any] = {"hosts": [address.removeprefix("http://")], "options": {"base_url": address}}
    else:
        simulator = filled(kind, count, brands)
        simulator.start()
        told = {"hosts": hosts(simulator), "options": simulator.access.of(kind)}
    print(json.dumps(told), flush=True)
    for _ in sys.stdin:
        print(time.process_time(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:] or ["Acme"])
