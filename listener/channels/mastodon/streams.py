"""What to read on an instance for a brand's queries. No network.

Search needs a log-in and only finds authors who allow it; hashtag timelines are open and complete, and a word of a
query also stands for its hashtag. So a lone word is looked for in both.
"""

from __future__ import annotations

from collections.abc import Sequence

from listener.pushdown import alternatives
from listener.query import Query


def searches(queries: Sequence[Query]) -> list[str]:
    """Return the searches (words are joined by AND there) whose results hold every match that has any words."""
    return [" ".join(words) for words in alternatives(queries) if not _is_tag(words)]


def tags(queries: Sequence[Query]) -> list[str]:
    """Return the hashtags of alternatives that are a single word or tag, lower case without #."""
    return [
        words[0].lstrip("#") for words in alternatives(queries) if len(words) == 1 and _may_be_tag(words[0])
    ]


def _is_tag(words: tuple[str, ...]) -> bool:
    return len(words) == 1 and words[0].startswith("#")


def _may_be_tag(word: str) -> bool:
    name = word.removeprefix("#")
    return name.replace("_", "").isalnum() and not name.isdigit()
