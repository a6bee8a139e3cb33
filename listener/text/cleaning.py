"""Cleans text once at the door, so that no store, page or model meets a character that breaks it.

It removes what cannot be seen or stored and never changes what a person reads: letters, emoji, line breaks stay.
Bidirectional controls after Unicode UAX #9, joiners after UTS #51 (emoji) and UAX #31.
"""

from __future__ import annotations

import re
import unicodedata

from listener.text.letters import cap_marks

MAX_LENGTH = 50_000  # characters that are kept
_RAW_LENGTH = (
    4 * MAX_LENGTH
)  # looked at: what is removed must not push the words out, and 10 MB must stay cheap
_CUT = "…"

_ASCII_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NEWLINES = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2060-\u2064\u206a-\u206f"
    r"\u3164\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff]"
)
# tag characters only spell the flag of a region after a black flag (England, Scotland, Wales)
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)|[\U000e0000-\U000e007f]")
_CURSIVE = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\ufb50-\ufdff\ufe70-\ufefc"
)
_PICTURE = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_JOINERS = re.compile(
    f"(?<=[{_CURSIVE}])([\u200c\u200d])(?=[{_CURSIVE}])"
    f"|(?<=[{_PICTURE}\ufe0f\U000e007f])(\u200d)(?=[{_PICTURE}])"
    "|[\u200c\u200d]"
)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OVERRIDES, _EMBEDDINGS, _ISOLATES = "\u202d\u202e", "\u202a\u202b", "\u2066\u2067\u2068"
_POP_EMBEDDING, _POP_ISOLATE = "\u202c", "\u2069"
_DEEPEST = 16  # nested directions in one line; nobody writes more


def clean(text: str) -> str:
    r"""Return text that every store and page can hold, at most `MAX_LENGTH` characters (a cut ends in "…").

    Newlines become "\n"; NUL, controls, lone surrogates, zero-width characters, direction overrides, unbalanced
    direction marks and piled-up accents go; the rest is in Unicode's composed form (NFC).
    """
    raw = text[:_RAW_LENGTH]
    if raw.isascii():
        if _ASCII_ODD.search(raw):
            raw = _ASCII_ODD.sub("", _NEWLINES.sub("\n", raw))
    else:
        if _ODD.search(raw):
            raw = _without_odd(raw)
        raw = unicodedata.normalize("NFC", cap_marks(raw))
    if len(raw) > MAX_LENGTH or len(text) > _RAW_LENGTH:
        raw = raw[: MAX_LENGTH - 1].rstrip() + _CUT
    return raw


def _without_odd(text: str) -> str:
    if _SURROGATE.search(text):
        # a pair that arrived as two halves is one character; a half alone is nothing
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _INVISIBLE.sub("", _NEWLINES.sub("\n", text))
    text = _TAGS.sub(r"\1", text)
    text = _JOINERS.sub(lambda found: found[1] or found[2] or "", text)
    if _BIDI.search(text):
        text = "\n".join(_balanced(line) for line in text.split("\n"))
    return text


def _balanced(line: str) -> str:
    """Drop overrides, and every direction control without its partner in the line, as a page would be turned by it."""
    drop: set[int] = set()
    opened: list[tuple[int, str, bool]] = []  # where, what closes it, whether to keep it
    for found in _BIDI.finditer(line):
        at, char = found.start(), found[0]
        if char in _OVERRIDES:
            opened.append((at, _POP_EMBEDDING, False))
        elif char in _EMBEDDINGS:
            opened.append((at, _POP_EMBEDDING, len(opened) < _DEEPEST))
        elif char in _ISOLATES:
            opened.append((at, _POP_ISOLATE, len(opened) < _DEEPEST))
        elif opened and opened[-1][1] == char:
            start, _, keep = opened.pop()
            if not keep:
                drop |= {start, at}
        else:
            drop.add(at)
    drop.update(start for start, _, _ in opened)
    if not drop:
        return line
    return "".join(char for at, char in enumerate(line) if at not in drop)
