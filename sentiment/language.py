"""Which language a text is in: script first, then a detector, with the platform's tag as a prior.

Restricted to the languages the model is for; a tag outside of them is believed, since the detector
cannot know better.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Final

from sentiment.engine.tokens import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT: Final = "en"
_LATIN: Final = ("en", "fr", "de", "es", "it", "pt")
_SCRIPTS = (
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u06ff\u0750-\u077f]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
)
_HINT = re.compile(r"^[A-Za-z]{2,3}(?=$|[-_])")
_MARKS = re.compile(r"@user|\bhttp\b|[#\d_]")
_UNKNOWN_TAGS = frozenset({"und", "zxx", "qme", "qst", "mul"})
_OVERRULE: Final = 0.995
"""The detector overrules the platform's tag only when it is this sure."""
_ENOUGH: Final = 40
"""... and only on texts of at least this many characters."""

_lock = threading.Lock()
_detector: Any = None


def _loaded() -> Any:
    global _detector  # noqa: PLW0603 - one read-only table, costly to load
    with _lock:
        if _detector is None:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a table

            fresh = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
            fresh.set_languages(list(_LATIN))
            _detector = fresh
        return _detector


def detect(text: str, hint: str | None = None) -> str:
    """Return the text's language as a two-letter code.

    ``hint`` is what the platform says ("pt-BR", "iw"); unknown or empty hints are ignored.
    """
    body = _MARKS.sub(" ", clean(text))
    said = _tag(hint)
    letters = sum(char.isalpha() for char in body)
    for code, pattern in _SCRIPTS:
        if len(pattern.findall(body)) * 2 > letters > 0:
            # other languages share these scripts (Ukrainian, Persian): then the tag knows better
            return said if said and said not in _LATIN and said not in {"he", "ar", "ru"} else code
    if said and said not in _LATIN and said not in {"he", "ar", "ru"}:
        return said
    if letters == 0:
        return said or DEFAULT
    code, sure = _loaded().classify(body)
    if said in _LATIN and not (len(body) >= _ENOUGH and sure >= _OVERRULE):
        return str(said)
    return str(code)


def detect_all(texts: Iterable[str], hints: Iterable[str | None]) -> list[str]:
    """``detect`` for many texts, each with its hint."""
    return [detect(text, hint) for text, hint in zip(texts, hints, strict=True)]


def _tag(hint: str | None) -> str | None:
    found = _HINT.match(hint or "")
    if found is None or found.group().lower() in _UNKNOWN_TAGS:
        return None
    code = found.group().lower()
    return {"iw": "he", "eng": "en", "rus": "ru", "heb": "he", "ara": "ar"}.get(code, code)
