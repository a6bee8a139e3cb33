"""Where a run stands: its check-point on disk and its clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sentiment.train.network import Network

_KEEP = 0.8
"""Of the running mean of a loss, per note."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a progress line shows."""

    done: int
    total: int
    share: float
    samples_per_s: float
    left_s: float
    losses: dict[str, float]


class Clock:
    """Time, speed and mean losses of a run that may have begun before this process."""

    def __init__(self, total: int, done: int, spent: float, minutes: float | None) -> None:
        self.total, self.done, self._first, self._spent = total, done, done, spent
        self._budget = None if minutes is None else minutes * 60
        self._began = time.monotonic() - spent
        self._saved = time.monotonic()
        self._means: dict[str, float] = {}
        self.seen = 0
        self._here = 0

    def elapsed(self) -> float:
        """Seconds of the run, earlier processes included."""
        return time.monotonic() - self._began

    def share(self, step: int) -> float:
        """How far the run is, 0 to 1: by batches or by the time budget, whichever is further."""
        share = step / self.total
        return share if self._budget is None else max(share, self.elapsed() / self._budget)

    def count(self, samples: int) -> None:
        """Count a batch."""
        self.done += 1
        self.seen += samples
        self._here += samples

    def note(self, losses: Mapping[str, float]) -> None:
        """Take the losses of a batch into the running means."""
        for name, value in losses.items():
            self._means[name] = _KEEP * self._means.get(name, value) + (1 - _KEEP) * value

    def progress(self, share: float) -> Progress:
        """For a progress line; the estimate is from this process's own speed."""
        here = max(self.elapsed() - self._spent, 1e-9)
        left = here / max(self.done - self._first, 1) * (self.total - self.done)
        if self._budget is not None:
            left = min(left, self._budget - self.elapsed())
        return Progress(self.done, self.total, share, self._here / here, max(left, 0.0), dict(self._means))

    def due(self, every_s: float) -> bool:
        """True once per ``every_s`` seconds."""
        if time.monotonic() - self._saved < every_s:
            return False
        self._saved = time.monotonic()
        return True


class State:
    """The check-point file: weights, optimiser, position; replaced in one step."""

    def __init__(self, path: Path, network: Network, optimiser: torch.optim.Optimizer | None) -> None:
        """Without an optimiser the file is an end, from which no run goes on."""
        self.path, self.network, self.optimiser = path, network, optimiser

    def save(self, step: int, elapsed: float) -> None:
        """Write the state after ``step`` batches; a crash leaves the one before. Raises OSError."""
        fresh = self.path.with_suffix(".new")
        content = {"network": self.network.state_dict(), "step": step, "elapsed": elapsed}
        if self.optimiser is not None:
            content["optimiser"] = self.optimiser.state_dict()
        torch.save(content, fresh)
        fresh.replace(self.path)

    def load(self) -> tuple[int, float]:
        """Take up the stored state: batches done and seconds spent; (0, 0) when there is none."""
        if not self.path.exists():
            return 0, 0.0
        content = torch.load(self.path, weights_only=True, map_location="cpu")
        self.network.load_state_dict(content["network"])
        if self.optimiser is not None and "optimiser" in content:
            self.optimiser.load_state_dict(content["optimiser"])
        return int(content["step"]), float(content["elapsed"])
