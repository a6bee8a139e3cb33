"""From category logits to the one name of the thing to fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentiment.labels import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray


def name(logits: NDArray[np.float32]) -> str:
    """The most likely category."""
    return CATEGORIES[int(np.argmax(logits))]
