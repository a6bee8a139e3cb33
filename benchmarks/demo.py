"""How soon the demo shows its first alert, and how much memory the whole process takes (Linux)."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Row
from benchmarks._home import Home, home

FIRST_ALERT = 20.0  # seconds after the command
MEMORY = 900.0  # MB, the whole process
PATIENCE = 120.0
SETTLE = 45.0  # seconds in which the backlog is scored and the first digest goes out


def rows() -> Iterator[Row]:
    """Start the demo, wait for an alert, let it settle, read the peak of its memory."""
    with home() as place:
        began = time.perf_counter()
        process = start(place)
        try:
            seconds = wait_for_alert(place.folder, process, began)
            yield Row("demo: first alert", seconds, "s", f"≤ {FIRST_ALERT:.0f}", met=seconds <= FIRST_ALERT)
            time.sleep(SETTLE)
            peak = peak_memory(process.pid)
            if peak is not None:
                yield Row("demo: peak memory", peak, "MB", f"≤ {MEMORY:.0f}", met=peak <= MEMORY)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(place: Home) -> subprocess.Popen[bytes]:
    """Start `allears demo` on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return subprocess.Popen(
        [sys.executable, "-m", "web", "demo", "--port", str(port), "--dir", str(place.folder)],
        env=place.environment,
        stdout=subprocess.DEVNULL,
    )


def wait_for_alert(folder: Path, process: subprocess.Popen[bytes], began: float) -> float:
    """Return the seconds from the start until an alert is stored."""
    while (passed := time.perf_counter() - began) < PATIENCE:
        if process.poll() is not None:
            message = f"the demo ended with exit code {process.returncode}"
            raise RuntimeError(message)
        with contextlib.suppress(sqlite3.OperationalError):  # the file or its tables are not there yet
            database = sqlite3.connect(f"file:{folder / 'allears.db'}?mode=ro", uri=True)
            with contextlib.closing(database):
                if database.execute("SELECT count(*) FROM alert").fetchone()[0]:
                    return passed
        time.sleep(0.2)
    message = f"no alert within {PATIENCE:.0f} s"
    raise RuntimeError(message)


def peak_memory(pid: int) -> float | None:
    """Return the peak resident memory in MB, None where /proc does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6
