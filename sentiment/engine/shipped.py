"""A text through the shipped model: clean, cut into windows, encode, merge the windows.

What a whole text's logits are when it needs several windows is decided here: sentiment is the mean
weighted by length, urgency the highest, category and vector those of the most urgent window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentiment.engine import cuda, heads, weights
from sentiment.engine.onnx import Logits, OnnxEngine
from sentiment.engine.tokens import Tokens, clean, is_empty, windows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

URGENT = 1
"""Index of the urgency logit for level >= 2, by which windows are compared."""


class ShippedModel:
    """The folder's model, loaded."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Check and load a weights folder. Raises ModelError when it cannot be used."""
        self.config = weights.check(folder)
        root = heads.root(folder, self.config) if self.config.base else folder
        self.heads = [heads.load(each) for each in dict.fromkeys((root, folder)) if heads.there(each)]
        self.tokens = Tokens(weights.locate(root, weights.TOKENIZER))
        self.engine: OnnxEngine | cuda.CudaEngine = (
            cuda.CudaEngine(root) if cuda.present() else OnnxEngine(root, threads=threads)
        )

    def logits(self, texts: Sequence[str]) -> list[Logits | Exception | None]:
        """Logits per text, in order; None for an empty text, the error for one that failed.

        Identical texts (after cleaning) are run once.
        """
        cleaned = [clean(text) for text in texts]
        unique = {text: None for text in cleaned if not is_empty(text)}
        found = dict(zip(unique, self._unique(list(unique)), strict=True))
        return [found.get(text) for text in cleaned]

    def deciding_part(self, text: str) -> str:
        """The cleaned text, or of a long one the window that is most urgent."""
        cleaned = clean(text)
        parts = self.tokens.pieces(cleaned)
        if len(parts) == 1:
            return cleaned
        found = self.logits(parts)
        urgencies = [float(item.urgency[URGENT]) if isinstance(item, Logits) else -np.inf for item in found]
        return parts[int(np.argmax(urgencies))]

    def _unique(self, cleaned: Sequence[str]) -> list[Logits | Exception]:
        parts: list[list[int]] = []
        owner: list[int] = []
        failed: dict[int, Exception] = {}
        for index, ids in enumerate(self._encode(cleaned)):
            if isinstance(ids, Exception):
                failed[index] = ids
                continue
            for part in windows(ids):
                parts.append(part)
                owner.append(index)
        groups: dict[int, list[tuple[int, Logits]]] = {}
        for index, part, outcome in zip(owner, parts, self.engine.run(parts), strict=True):
            if isinstance(outcome, Exception):
                failed[index] = outcome
            else:
                changed = outcome
                for change in self.heads:  # the shipped ones first, then the team's
                    changed = change.apply(changed)
                groups.setdefault(index, []).append((len(part), changed))
        return [failed[index] if index in failed else merge(groups[index]) for index in range(len(cleaned))]

    def _encode(self, cleaned: Sequence[str]) -> list[list[int] | Exception]:
        try:
            return list(self.tokens.encode(cleaned))
        except Exception as error:  # noqa: BLE001 - found below and handed to the caller
            if len(cleaned) == 1:
                return [error]
        middle = len(cleaned) // 2
        return self._encode(cleaned[:middle]) + self._encode(cleaned[middle:])


def merge(parts: Sequence[tuple[int, Logits]]) -> Logits:
    """One text's logits from its windows, given as (tokens, logits)."""
    if len(parts) == 1:
        return parts[0][1]
    sizes = np.array([size for size, _ in parts], np.float32)
    found = [logits for _, logits in parts]
    worst = max(found, key=lambda logits: float(logits.urgency[URGENT]))
    return Logits(
        sentiment=np.average([x.sentiment for x in found], axis=0, weights=sizes).astype(np.float32),
        urgency=np.max([x.urgency for x in found], axis=0),
        category=worst.category,
        reply=np.max([x.reply for x in found], axis=0),
        vector=worst.vector,
        state=worst.state,
    )
