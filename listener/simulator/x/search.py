"""X's recent search: which posts a query means. https://docs.x.com/x-api/posts/search/integrate/build-a-query ."""

from __future__ import annotations

from collections.abc import Callable

from listener.simulator import text as writing
from listener.simulator.searching import QueryError, Test, parse
from listener.simulator.world import view

LONGEST = 512
_LANG = {"iw": "he"}


def found(query: str) -> Test:
    """Return the test of a query. Raises QueryError for one that X does not take."""
    if len(query) > LONGEST:
        raise QueryError(f"The query is {len(query)} characters; at most {LONGEST} are allowed.")
    return parse(query, _term)


def _term(field: str, value: str, quoted: bool) -> Test:  # noqa: FBT001 - the grammar's signature
    if field:
        made = _FIELDS.get(field)
        if made is None:
            raise QueryError(f"Reference to invalid operator '{field}'. Operator is not available.")
        return made(value.lower())
    if value.startswith("@") and not quoted:
        return lambda post: any(who.username.lower() == value[1:].lower() for who in post.mentions)
    if value.startswith("#") and not quoted:
        return lambda post: value[1:].casefold() in writing.tags(post.text)
    wanted, _ = view.terms(f'"{value}"')
    return lambda post: view.matches((post.boost_of or post).text, wanted, [])


def _is(what: str) -> Test:
    tests: dict[str, Test] = {
        "retweet": lambda post: post.boost_of is not None,
        "reply": lambda post: post.parent is not None,
        "quote": lambda _post: False,
    }
    if what not in tests:
        raise QueryError(f"Reference to invalid operator 'is:{what}'.")
    return tests[what]


_FIELDS: dict[str, Callable[[str], Test]] = {
    "from": lambda value: lambda post: value.lstrip("@") in {post.account.username.lower(), post.account.id},
    "to": lambda value: (
        lambda post: post.parent is not None and post.parent.account.username.lower() == value.lstrip("@")
    ),
    "lang": lambda value: lambda post: post.language == _LANG.get(value, value),
    "is": _is,
    "has": lambda value: lambda post: value == "links" and "http" in post.text,
}
