"""Any sentiment classifier from Hugging Face or a folder, in place of the shipped sentiment head.

torch and transformers are imported here and only when such a model is named. Labels of 2-, 3- and
5-class models are mapped to negative, neutral and positive; anything else is refused by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment.engine.tokens import clean
from sentiment.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TWO, _FIVE = 2, 5
_BATCH_TOKENS = 4096
_LONGEST = 512
_WORDS = (
    (0, re.compile(r"neg|very.?bad|\bbad\b|worst|unhappy")),
    (1, re.compile(r"neu|mixed|\bok(?:ay)?\b|average")),
    (2, re.compile(r"pos|good|great|happy")),
)
_STARS = re.compile(r"^([1-5])\s*stars?$")


def mapping(labels: Sequence[str], name: str) -> NDArray[np.float64]:
    """Matrix [labels, 3] that sums a classifier's classes to negative, neutral and positive.

    Five classes are taken as stars 1-2, 3, 4-5. Raises ModelError when the labels cannot be read.
    """
    count = len(labels)
    lowered = [label.lower().strip() for label in labels]
    stars = [_STARS.match(label) for label in lowered]
    nameless = all(re.fullmatch(r"label_\d+", label) for label in lowered)
    if count == _FIVE and (all(stars) or nameless):
        order = [int(found[1]) - 1 if found else at for at, found in enumerate(stars)]
        places = [(0, 0, 1, 2, 2)[rank] for rank in order]
    elif nameless and count in {2, 3}:
        places = [0, 2] if count == _TWO else [0, 1, 2]
    else:
        places = []
        for label in lowered:
            fits = [place for place, words in _WORDS if words.search(label)]
            if len(fits) != 1:
                raise ModelError(
                    f"label {label!r} is no sentiment this product knows (labels: {', '.join(labels)})",
                    where=name,
                    do="Name a classifier with 2, 3 or 5 sentiment classes.",
                )
            places.append(fits[0])
    if count not in {2, 3, 5} or not {0, 2} <= set(places):
        raise ModelError(
            f"a classifier with {count} classes ({', '.join(labels)}) is no sentiment classifier",
            where=name,
            do="Name a classifier with 2, 3 or 5 sentiment classes.",
        )
    return np.eye(3)[places]


class Checkpoint:
    """A loaded classifier; CUDA is used where there is any."""

    def __init__(self, name: str, *, threads: int | None = None) -> None:
        """Load by name or folder. Raises ModelError when it cannot be found or is no classifier."""
        try:
            import torch  # noqa: PLC0415 - heavy, and only for such a model
            import transformers  # noqa: PLC0415
        except ImportError as error:
            raise ModelError(
                "a model of your own needs torch and transformers",
                where=name,
                do="Run pip install 'allears[model]', or use the model \"default\".",
            ) from error
        if threads:
            torch.set_num_threads(threads)
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name)
            self._model: Any = transformers.AutoModelForSequenceClassification.from_pretrained(name)
        except (OSError, ValueError, KeyError, ImportError) as error:
            first = str(error).strip().partition("\n")[0]
            raise ModelError(
                f"the model cannot be loaded ({first})",
                where=name,
                do='Check the name or folder (a download needs the network), or use "default".',
            ) from error
        labels = [str(label) for _, label in sorted(self._model.config.id2label.items())]
        self._mapping = mapping(labels, name)
        self._torch: Any = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model.to(self._device).eval()
        self.name = name.rstrip("/").rpartition("/")[2]

    def read(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Probabilities [texts, 3]; batches are sorted by length and kept under a token budget."""
        found = np.tile(np.array([0.0, 1.0, 0.0]), (len(texts), 1))
        cleaned = [clean(text) for text in texts]
        order = sorted((i for i, text in enumerate(cleaned) if text), key=lambda i: len(cleaned[i]))
        batch: list[int] = []
        for index in order:
            if batch and (len(batch) + 1) * max(8, len(cleaned[index]) // 3) > _BATCH_TOKENS:
                found[batch] = self._batch([cleaned[i] for i in batch])
                batch = []
            batch.append(index)
        if batch:
            found[batch] = self._batch([cleaned[i] for i in batch])
        return found

    def _batch(self, texts: Sequence[str]) -> NDArray[np.float64]:
        inputs = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=_LONGEST, return_tensors="pt"
        ).to(self._device)
        with self._torch.inference_mode():
            logits = self._model(**inputs).logits.float()
        return np.asarray(self._torch.softmax(logits, dim=1).cpu().numpy() @ self._mapping)
