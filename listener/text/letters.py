"""What a letter, a combining mark and a word are, and how text is folded so that two spellings compare equal.

A word is a run of letters, digits, underscores and their marks (Hebrew points, Indic vowel signs, joiners). Scripts
written without spaces give one word a character, so that a query finds a phrase of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

MOST_MARKS = 5  # on one letter; pointed and cantillated Hebrew, Thai and Tibetan stay below
_SPACELESS = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_FAR_EAST = _SPACELESS + "\U00020000-\U0003ffff"
_EMOJI = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_JOINERS = "\u200c\u200d"
_LAST = 0x20000  # above it lie ideographs and variation selectors, which are named here
_SELECTORS = "\U000e0100-\U000e01ef"

_ASCII_WORD = re.compile(r"[a-z0-9_]+")
_ASCII_SIGIL = re.compile(r"[@#][a-z0-9_]+")


def _ranges(wanted: Callable[[str], bool]) -> str:
    """Return the inside of a character class with every character below `_LAST` that is wanted."""
    parts: list[str] = []
    start: int | None = None
    for code in range(0x80, _LAST + 1):
        inside = code < _LAST and wanted(chr(code))
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            parts.append(f"{chr(start)}-{chr(code - 1)}")
            start = None
    return "".join(parts)


@cache
def marks() -> str:
    """Return the inside of a character class of all combining marks (categories Mn, Mc, Me)."""
    return _ranges(lambda char: unicodedata.category(char)[0] == "M") + _SELECTORS


@cache
def _stacked() -> re.Pattern[str]:
    # a first class outside any group lets the engine skip over everything else
    return re.compile(rf"[{marks()}][{marks()}]{{{MOST_MARKS},}}")


@cache
def _word() -> re.Pattern[str]:
    spaceless = re.compile(f"[{_FAR_EAST}]")
    letters = _ranges(lambda char: char.isalnum() and not spaceless.match(char))
    inner = f"a-z0-9_{letters}{marks()}{_JOINERS}"
    return re.compile(rf"[a-z0-9_{letters}][{inner}]*|[{_FAR_EAST}{_EMOJI}]")


@cache
def _sigil() -> re.Pattern[str]:
    return re.compile(rf"[@#](?:{_word().pattern})")


def cap_marks(text: str) -> str:
    """Keep at most five combining marks on a letter. Also keeps normalisation linear: it sorts runs of marks."""
    return text if text.isascii() else _stacked().sub(lambda run: run[0][:MOST_MARKS], text)


def fold(text: str) -> str:
    """Return text for comparing: compatibility forms unified (NFKC), case folded; accents stay as they are."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", cap_marks(text)).casefold()
    return unicodedata.normalize("NFC", folded)


def words(folded: str) -> list[str]:
    """Return the words of folded text, in order."""
    return (_ASCII_WORD if folded.isascii() else _word()).findall(folded)


def sigils(folded: str) -> Iterable[str]:
    """Return the @handles and #tags of folded text, each with its sign."""
    if "@" not in folded and "#" not in folded:
        return ()
    return (_ASCII_SIGIL if folded.isascii() else _sigil()).findall(folded)
