"""What channels say to people: written in English where it is decided, said in the reader's language where it is shown.

`mark` fills a message in English, so that it can be stored; `said` finds the message that a text was made of and says
it in the language of the context. So a reason in the database is read in four languages, and one that nobody has marked
stays as it is. `extract` is how `make i18n` finds the messages. No channel is imported here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import IO, Any

from listener import i18n

DOMAIN = "listener"
_PLACE = re.compile(r"%\((\w+)\)s")
_CALLS = {"mark": 0, "ConnectError": 0, "by_hand": 1, "MayReply": 1}  # which argument is for people
_NAMED = {"Field": "description", "Limits": "unit", "MayReply": "reason"}
WORDS = {
    "api": "API",
    "id": "ID",
    "imap": "IMAP",
    "oauth": "OAuth",
    "ids": "IDs",
    "smtp": "SMTP",
    "url": "URL",
}


def mark(message: str, **values: object) -> str:
    """Return a message in English with its values (%(name)s) filled in; `said` knows it again."""
    return message % values


def said(text: str) -> str:
    """Say a text that a channel wrote in the language of this context; an unknown one keeps its words."""
    if not text or i18n.current() == "en":
        return text
    found = i18n.gettext_raw(DOMAIN, text)
    if found != text:
        return found
    for shape, message in _shapes(i18n.current()):
        values = shape.fullmatch(text)
        if values is not None:
            return i18n.gettext_raw(DOMAIN, message) % {
                name: said(value) for name, value in values.groupdict().items()
            }
    return text


def label(name: str) -> str:
    """Return how the field of an option is called, in English: its name in words."""
    words = [WORDS.get(word, word) for word in name.split("_")]
    return words[0][:1].upper() + words[0][1:] + "".join(f" {word}" for word in words[1:])


@lru_cache(maxsize=8)
def _shapes(_locale: str) -> list[tuple[re.Pattern[str], str]]:
    """Return the messages with places for values as patterns of the texts they become, the most telling first."""
    found = []
    for message in i18n.messages(DOMAIN):
        parts = _PLACE.split(message)
        if len(parts) > 1:
            shape = "".join(
                f"(?P<{part}>.+?)" if number % 2 else re.escape(part.replace("%%", "%"))
                for number, part in enumerate(parts)
            )
            found.append((re.compile(shape, re.DOTALL), message))
    return sorted(found, key=lambda one: -len(_PLACE.sub("", one[1])))


def extract(
    file: IO[bytes], keywords: Iterable[str], comment_tags: Sequence[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, None, str, list[str]]]:
    """Find what a file of channels says to people, for Babel: marked messages, reasons of `by_hand` and `MayReply`,
    hints and names of options, units of lengths."""
    del keywords, comment_tags, options
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, None, text, []) for text in _of_call(node))
        elif isinstance(node, ast.ClassDef) and node.name.endswith("Options"):
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield line.lineno, None, label(line.target.id), []


def _of_call(node: ast.Call) -> Iterator[str]:
    name = getattr(node.func, "id", "")
    place = _CALLS.get(name)
    given = [node.args[place]] if place is not None and len(node.args) > place else []
    given += [one.value for one in node.keywords if one.arg and one.arg == _NAMED.get(name)]
    for one in given:
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value:
            yield one.value
