"""A throw-away installation to measure in, and the product's own command run on it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class BrokenError(Exception):
    """A command did not do what the benchmark needs; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with its own database and keys."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment without settings of a real installation."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ALLEARS_")}
        return kept | {"ALLEARS_HOME": str(self.folder), "ALLEARS_LOG__LEVEL": "error"}

    def run(self, *arguments: str) -> tuple[str, float]:
        """Run `allears …`. Return what it printed and the seconds it took, start included. Raises BrokenError."""
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "web", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            message = f"allears {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr[-2000:]}"
            raise BrokenError(message)
        return done.stdout, seconds


@contextmanager
def home() -> Iterator[Home]:
    """Give an empty home that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="allears-bench-", ignore_cleanup_errors=True) as folder:
        yield Home(Path(folder))
