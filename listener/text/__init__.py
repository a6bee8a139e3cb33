"""Text as people write it, made safe and comparable: cleaned once at the door, hashed, folded for search.

Pure functions on strings; nothing here knows a channel, a database or a language model.
"""

from __future__ import annotations

from listener.text.alike import fingerprint, hamming, simhash
from listener.text.cleaning import MAX_LENGTH, clean
from listener.text.direction import direction
from listener.text.html import from_html
from listener.text.letters import fold, words

__all__ = [
    "MAX_LENGTH",
    "clean",
    "direction",
    "fingerprint",
    "fold",
    "from_html",
    "hamming",
    "simhash",
    "words",
]
