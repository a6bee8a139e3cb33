"""From a text to token ids: the same cleaning and the same windows in training and in scoring.

Handles and links become ``@user`` and ``http`` (the form of the tweets the model learned from, and
no name of a person reaches it). Must not drop text silently: what does not fit one window goes
into the next, up to MAX_WINDOWS.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from sentiment.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WINDOW = 128
"""Tokens of one window, begin and end marks included; in a wider one praise drowns a cry for help at its end."""
OVERLAP = 32
MAX_WINDOWS = 100
"""About 10,000 tokens; of longer texts the begin and the end are read."""

_LINK = re.compile(r"(?:https?://|www\.)\S+|\bt\.co/\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@.])@\w{2,}")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_HALF = re.compile("[\ud800-\udfff]")  # half of a 4-byte character, left by a cut
_RUN = re.compile(r"(\S)\1{5,}")
_SPACE = re.compile(r"\s+")
_MARKS = re.compile(r"@user\b|\bhttp\b")
_SHORTEST_SHOUT = 10
"""Letters; shorter ones may be a name."""
_SHOUTED = 0.8
# emoji younger than the vocabulary, each replaced by the nearest one it has
_EMOJI = str.maketrans(
    {
        "\U0001f97a": "\U0001f622",  # pleading face -> crying face
        "\U0001f972": "\U0001f622",  # smiling with tear
        "\U0001f979": "\U0001f622",  # holding back tears
        "\U0001f92c": "\U0001f621",  # swearing -> pouting face
        "\U0001f971": "\U0001f634",  # yawning -> sleeping
        "\U0001f927": "\U0001f637",  # sneezing -> mask
        "\U0001fae0": "\U0001f605",  # melting -> cold sweat
        "\U0001fae1": "\U0001f44d",  # salute -> thumbs up
        "\U0001faf6": "\U00002764",  # heart hands -> heart
        "\U0001f90d": "\U00002764",  # white heart
        "\U0001f90e": "\U00002764",  # brown heart
        "\U0001f9e1": "\U00002764",  # orange heart
        "\U0001fa77": "\U00002764",  # pink heart
    }
)


def clean(text: str) -> str:
    """Normalise what carries no meaning: handles, links, invisible characters, long runs, shouting."""
    text = _INVISIBLE.sub("", text)
    text = _HALF.sub("", text)
    text = _LINK.sub("http", text)
    text = _HANDLE.sub("@user", text)
    text = _RUN.sub(r"\1\1\1\1", text)
    return _unshouted(_SPACE.sub(" ", text.translate(_EMOJI)).strip())


def _unshouted(text: str) -> str:
    """In lower case when nearly all of it is capitals: the vocabulary spells capitals letter by letter."""
    cased = [char for char in _MARKS.sub("", text) if char.isupper() or char.islower()]
    if len(cased) < _SHORTEST_SHOUT or sum(map(str.isupper, cased)) < _SHOUTED * len(cased):
        return text
    return text.lower()


def is_empty(cleaned: str) -> bool:
    """True when a cleaned text has nothing to judge: no letter, digit, symbol or mark."""
    return not any(unicodedata.category(c)[0] in "LNSM" or c in "!?" for c in cleaned)


class Tokens:
    """The tokenizer of one model."""

    def __init__(self, path: Path) -> None:
        """Load ``tokenizer.json``. Raises ModelError when it cannot be read."""
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception for every cause
            raise ModelError(
                f"the tokenizer cannot be read ({error})",
                where=path,
                do="Restore the weights folder.",
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def encode(self, cleaned: Sequence[str]) -> list[list[int]]:
        """Token ids of cleaned texts, with begin and end marks, of any length."""
        encodings = self._tokenizer.encode_batch_fast(list(cleaned))
        return [encoding.ids for encoding in encodings]

    def pieces(self, cleaned: str) -> list[str]:
        """The text of every window of a cleaned text."""
        encoding = self._tokenizer.encode(cleaned)
        numbered = list(range(len(encoding.ids)))
        spans = [part[1:-1] for part in windows(numbered)]
        offsets = encoding.offsets
        return [cleaned[offsets[span[0]][0] : offsets[span[-1]][1]] for span in spans if span]


def windows(ids: Sequence[int], size: int = WINDOW) -> list[list[int]]:
    """Cut ids into overlapping windows of at most ``size``, each with begin and end marks."""
    if len(ids) <= size:
        return [list(ids)]
    first, last, body = ids[0], ids[-1], ids[1:-1]
    room = size - 2
    starts = list(range(0, max(len(body) - OVERLAP, 1), room - OVERLAP))
    if len(starts) > MAX_WINDOWS:
        head = MAX_WINDOWS * 3 // 4
        starts = starts[:head] + starts[head - MAX_WINDOWS :]
    return [[first, *body[start : start + room], last] for start in starts]
