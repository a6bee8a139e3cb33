"""Plain text as Reddit's Markdown, so that what the agent wrote is what people see; and back, for comparing."""

from __future__ import annotations

import html
import re

MOST = 10_000  # characters of a comment, as sent
_URL = re.compile(r"(https?://[^\s<>()\[\]]+)")
_INLINE = re.compile(r"([\\`*_~^|<>\[\]])")
_ENTITY = re.compile(r"&(?=#?\w{1,31};)")
_LINE = re.compile(r"^([ \t]*)([#+=-]|\d+(?=[.)]))")
_SPOILED = re.compile(r"^[ \t]{4,}")


def escaped(text: str) -> str:
    """Return Markdown that shows exactly this text; links stay links, single line breaks stay line breaks."""
    lines = [_line(line.rstrip()) for line in text.strip().split("\n")]
    made = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        made.append(f"{line}  " if line and following else line)
    return "\n".join(made)


def measure(text: str) -> int:
    """Return the length of a comment as Reddit gets it."""
    return len(escaped(text)) if text else 0


def bare(text: str) -> str:
    """Return letters and digits only: Reddit's and our own escapes do not count."""
    return "".join(letter for letter in html.unescape(text).casefold() if letter.isalnum())


def _line(line: str) -> str:
    parts = _URL.split(_SPOILED.sub("", line))
    plain = [_ENTITY.sub("&amp;", _INLINE.sub(r"\\\1", part)) for part in parts]
    parts[::2] = plain[::2]
    joined = "".join(parts)
    found = _LINE.match(joined)
    if not found:
        return joined
    mark = found[2]
    if mark.isdigit():  # "1." would start a list: the dot is escaped
        at = found.end()
        return joined[:at] + "\\" + joined[at:]
    return joined[: found.start(2)] + "\\" + joined[found.start(2) :]
