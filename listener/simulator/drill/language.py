"""Whether an answer is in the language of the post: by script, then by a detector among the Latin ones.

Only as strict as it can be sure: a short text, or one the detector hesitates over, passes.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_LATIN: Final = ("de", "en", "es", "fr", "it", "pt")
_SCRIPTS: Final = (
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
)
_NOT_WORDS = re.compile(r"https?://\S+|[@#][\w.@-]+|[\d_]")
_ENOUGH = 20  # letters
_SURE = 0.9

_lock = threading.Lock()
_loaded: list[Any] = []


def other_than(language: str, text: str) -> str | None:
    """Return the language a text is in when that is surely not `language`, else None."""
    body = _NOT_WORDS.sub(" ", text)
    letters = sum(char.isalpha() for char in body)
    for code, pattern in _SCRIPTS:
        if len(pattern.findall(body)) * 2 > letters:
            return None if code == language else code
    if not letters:
        return None
    if language not in _LATIN:
        return _classified(body)[0]
    found, sure = _classified(body)
    return found if found != language and letters >= _ENOUGH and sure >= _SURE else None


def _classified(text: str) -> tuple[str, float]:
    with _lock:
        if not _loaded:
            _loaded.append(_detector())
        code, sure = _loaded[0].classify(text)
    return str(code), float(sure)


def _detector() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a table

    fresh = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    fresh.set_languages(list(_LATIN))
    return fresh
