"""Which way a text runs: by its letters, not by its first character, because posts open with a Latin @handle."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

_SKIPPED = re.compile(r"https?://\S+|www\.\S+|[@#][\w.@-]+")
_MAY_BE_RTL = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_LOOKED_AT = 2000  # characters


def direction(text: str) -> Literal["rtl", "ltr"]:
    """Return the direction of most letters; links, handles and tags are not counted; "ltr" without any letter."""
    head = text[:_LOOKED_AT]
    if head.isascii() or not _MAY_BE_RTL.search(head):
        return "ltr"
    right = left = 0
    for char in _SKIPPED.sub(" ", head):
        kind = unicodedata.bidirectional(char)
        if kind in {"R", "AL"}:
            right += 1
        elif kind == "L":
            left += 1
    if right or left:
        return "rtl" if right >= left else "ltr"
    return "rtl"  # nothing but handles and tags, and right-to-left letters among them
