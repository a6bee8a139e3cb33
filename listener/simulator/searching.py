"""Queries as X and Reddit take them: words, "phrases", field:value, -not, AND (also unwritten), OR, brackets.

The platform says what a term means; here is only the grammar. Raises QueryError where it makes no sense.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from listener.simulator.model import Post

Test = Callable[[Post], bool]
Term = Callable[[str, str, bool], Test]
"""(field or "", value, whether it was quoted) → what a post must be."""
Token = tuple[str, bool, str, str, bool]  # bracket, negated, field, value, quoted
_TOKEN = re.compile(r'\s*(?:([()])|(-?)(?:(\w+):)?(?:"([^"]*)"|([^\s()"]+))|(-))')


class QueryError(Exception):
    """The query cannot be read."""


def parse(query: str, term: Term) -> Test:
    """Return the test of a query. Raises QueryError, and whatever `term` raises for a field it does not know."""
    tokens = _tokens(query)
    if not tokens:
        raise QueryError("an empty query")
    test, rest = _either(tokens, term)
    if rest:
        raise QueryError(f"unexpected {rest[0][0] or rest[0][3]!r}")
    return test


def _tokens(query: str) -> list[Token]:
    """Split a query."""
    found, at = [], 0
    while query[at:].strip():
        match = _TOKEN.match(query, at)
        if match is None:
            raise QueryError(f"cannot read {query[at : at + 20]!r}")
        bracket, minus, name, phrase, word, lone = match.groups()
        found.append(
            (
                bracket or "",
                bool(minus or lone),
                (name or "").lower(),
                phrase or word or "",
                phrase is not None,
            )
        )
        at = match.end()
    return found


def _either(tokens: list[Token], term: Term) -> tuple[Test, list[Token]]:
    tests = []
    test, tokens = _both(tokens, term)
    tests.append(test)
    while tokens and _is(tokens[0], "OR"):
        test, tokens = _both(tokens[1:], term)
        tests.append(test)
    return (lambda post: any(one(post) for one in tests)), tokens


def _both(tokens: list[Token], term: Term) -> tuple[Test, list[Token]]:
    tests = []
    while tokens and tokens[0][0] != ")" and not _is(tokens[0], "OR"):
        if _is(tokens[0], "AND"):
            tokens = tokens[1:]
            continue
        test, tokens = _single(tokens, term)
        tests.append(test)
    if not tests:
        raise QueryError("a term is missing")
    return (lambda post: all(one(post) for one in tests)), tokens


def _single(tokens: list[Token], term: Term) -> tuple[Test, list[Token]]:
    bracket, negated, name, value, quoted = tokens[0]
    tokens = tokens[1:]
    if not value and negated and tokens and tokens[0][0] == "(":
        test, tokens = _single(tokens, term)
        return (lambda post: not test(post)), tokens
    if bracket == "(":
        test, tokens = _either(tokens, term)
        if not tokens or tokens[0][0] != ")":
            raise QueryError("a bracket is not closed")
        return test, tokens[1:]
    if bracket or not value:
        raise QueryError("a term is missing")
    test = term(name, value, quoted)
    return (lambda post: not test(post)) if negated else test, tokens


def _is(token: Token, word: str) -> bool:
    return token == ("", False, "", word, False)
