"""Runs the shipped encoder with ONNX Runtime: one window at a time, many at once.

Each window is its own run on one core and a small pool of threads keeps all cores busy, so that a
text's result cannot depend on what it was batched with and nothing is computed for padding; `make
bench` shows the speed. A window that makes the runtime fail comes
back as the error itself; its neighbours are not touched.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from sentiment.engine import weights
from sentiment.engine.embeddings import Embeddings
from sentiment.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

OUTPUTS = ("sentiment", "urgency", "category", "reply", "vector", "state")
_QUIET = 3
"""Errors only: the runtime's warnings are about optimisations, not about results."""


@dataclass(frozen=True, slots=True)
class Logits:
    """Raw outputs for one window (or, merged, for one text)."""

    sentiment: NDArray[np.float32]
    urgency: NDArray[np.float32]
    category: NDArray[np.float32]
    reply: NDArray[np.float32]
    vector: NDArray[np.float32]
    state: NDArray[np.float32]
    """What the heads see: the last layer's mean over the tokens."""


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class OnnxEngine:
    """One loaded encoder; safe to use from several threads."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Load encoder and embeddings. Raises ModelError when the runtime rejects them."""
        self.threads = max(1, threads or cores())
        self._table = Embeddings(weights.locate(folder, weights.EMBEDDINGS))
        self._path = folder / weights.ENCODER
        self._session = self._load(1)
        self._wide: ort.InferenceSession | None = None
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="encoder")

    def _load(self, threads: int) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        path = self._path
        try:
            return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime has a dozen classes with no common base
            raise ModelError(
                f"ONNX Runtime cannot load the encoder ({type(error).__name__})",
                where=path,
                do="Restore the weights folder or update onnxruntime.",
            ) from error

    def _alone(self) -> ort.InferenceSession:
        """A session that spreads one window over all cores; made when the first window comes alone."""
        with self._lock:
            if self._wide is None:
                self._wide = self._load(self.threads) if self.threads > 1 else self._session
            return self._wide

    def run(self, items: Sequence[Sequence[int]]) -> list[Logits | Exception]:
        """Logits for windows of token ids, in order; the exception for one that failed."""
        if len(items) == 1:
            return [self._attempt(items[0], alone=True)]
        if self.threads == 1:
            return [self._attempt(item) for item in items]
        # the longest first, so that no core ends up alone with a long one
        order = sorted(range(len(items)), key=lambda index: -len(items[index]))
        results: list[Logits | Exception] = [RuntimeError("not run")] * len(items)
        outcomes = self._pool.map(self._attempt, (items[index] for index in order))
        for index, outcome in zip(order, outcomes, strict=True):
            results[index] = outcome
        return results

    def _attempt(self, ids: Sequence[int], *, alone: bool = False) -> Logits | Exception:
        try:
            return self.one(ids, alone=alone)
        except Exception as error:  # noqa: BLE001 - handed to the caller, who marks the text
            return error

    def one(self, ids: Sequence[int], *, alone: bool = False) -> Logits:
        """Logits of one window, on one core or ``alone`` on all of them; raises whatever the runtime raises."""
        session = self._alone() if alone else self._session
        words = self._table.look_up(np.asarray(ids, np.int64))[None]
        found = session.run(OUTPUTS, {"words": words})
        return Logits(*(np.asarray(value[0], np.float32) for value in found))
