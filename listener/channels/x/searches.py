"""A brand's queries as searches of X, as long as X takes them and as narrow as is safe: each post read is paid for.

https://docs.x.com/x-api/posts/search/integrate/build-a-query . No network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from listener.pushdown import alternatives
from listener.query import Query
from listener.query.tree import And, Is, Node, Not, Term

LENGTH = 512  # characters of one search on the pay-per-use plan
_HANDLE = re.compile(r"[a-z0-9_]{1,15}", re.IGNORECASE | re.ASCII)
_ASCII_WORD = re.compile(r"[a-z0-9]+", re.ASCII)


def searches(queries: Sequence[Query], *, without: str | None, reposts: bool) -> list[str]:
    """Return searches that together find at least what the queries match.

    without: a handle whose posts are read elsewhere; reposts: whether to pay for each repost (their number comes with
    the original anyway).
    """
    everywhere = ([] if reposts else ["-is:retweet"]) + ([f"-from:{without}"] if without else [])
    found: list[str] = []
    for query in queries:
        tail = " ".join([*_narrower(query.tree), *everywhere])
        groups = [" ".join(_clause(word) for word in words) for words in alternatives([query]) if words]
        found += _packed(groups, tail)
    return list(dict.fromkeys(found))


def _packed(groups: Sequence[str], tail: str) -> Iterator[str]:
    """Join as many alternatives by OR as fit into one search."""
    batch: list[str] = []
    for group in groups:
        if batch and len(_joined([*batch, group], tail)) > LENGTH:
            yield _joined(batch, tail)
            batch = []
        batch.append(group)
    if batch:
        yield _joined(batch, tail)


def _joined(groups: Sequence[str], tail: str) -> str:
    body = groups[0] if len(groups) == 1 else "(" + " OR ".join(f"({group})" for group in groups) + ")"
    return f"{body} {tail}".strip()


def _clause(word: str) -> str:
    """A word also stands for its @handle and its #tag, which X keeps apart."""
    if word.startswith(('"', "@", "#")):
        return word
    if not word.replace("_", "").isalnum():
        return '"' + word.replace('"', " ") + '"'
    also = [f'"{word}"' if word in {"or", "and"} else word]
    if not word.isdigit():
        also.append(f"#{word}")
    if _HANDLE.fullmatch(word):
        also.append(f"@{word}")
    return "(" + " OR ".join(also) + ")" if len(also) > 1 else also[0]


def _narrower(tree: Node) -> Iterator[str]:
    """Yield what a query demands of every match and X decides as we do: a language, and plain words that must not be.

    What is not pushed down is judged here, after reading.
    """
    for part in tree.of if isinstance(tree, And) else (tree,):
        if isinstance(part, Is) and part.name == "lang" and re.fullmatch(r"[a-z]{2}", part.value):
            yield f"lang:{ {'he': 'iw'}.get(part.value, part.value) }"
        elif isinstance(part, Not) and isinstance(part.of, Term):
            term = part.of
            if len(term.parts) == 1 and not term.sigil and _ASCII_WORD.fullmatch(term.parts[0].text):
                yield f"-{term.parts[0].text}"
