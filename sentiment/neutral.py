"""Takes a brand's own name out of a text, so that "War Zone" or "Killer Coffee" is no complaint by itself.

The words become a handle, which the model knows as "somebody is spoken of or to".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

HANDLE: Final = "@user"


def without_words(text: str, words: Sequence[str]) -> str:
    """Replace whole words, in any case, also as @handle or #tag; the longest first."""
    return _pattern(tuple(words)).sub(HANDLE, text) if words else text


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted({word.strip() for word in words if word.strip()}, key=len, reverse=True)
    parts = (r"\s*".join(map(re.escape, word.split())) for word in longest)
    return re.compile(rf"[@#]?(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)
