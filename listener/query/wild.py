"""Words with `*`, without regular expressions: each piece is found left to right, so no input makes it backtrack."""

from __future__ import annotations

from collections.abc import Iterator


def glob(pattern: str, word: str) -> bool:
    """Return whether the whole word fits; `*` stands for any letters, also none."""
    first, *pieces = pattern.split("*")
    if not pieces:
        return pattern == word
    *middle, last = pieces
    if len(word) < len(first) + len(last) or not word.startswith(first) or not word.endswith(last):
        return False
    at, end = len(first), len(word) - len(last)
    for piece in middle:
        found = word.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def like(pattern: str, lines: str) -> Iterator[str]:
    """Yield the words that fit, of a text with one word a line (and an empty line at both ends)."""
    needle = max(pattern.split("*"), key=len)
    at = lines.find(needle)
    while at >= 0:
        start = lines.rfind("\n", 0, at + 1) + 1
        end = lines.find("\n", at)
        word = lines[start:end]
        if glob(pattern, word):
            yield word
        at = lines.find(needle, end)


def any_like(pattern: str, lines: str) -> bool:
    """Return whether a word fits. A star at the ends only is one substring search."""
    core = pattern.strip("*")
    if "*" in core:
        return next(like(pattern, lines), None) is not None
    before = "" if pattern.startswith("*") else "\n"
    after = "" if pattern.endswith("*") else "\n"
    return f"{before}{core}{after}" in lines
