"""What a platform can be asked that finds at least everything a query matches; the query itself is asked afterwards."""

from __future__ import annotations

from listener.query.tree import And, Near, Node, Not, Or, Term
from listener.text import fold

MOST = 30  # searches; beyond it the narrowest part alone is asked, which finds more, never less

_Searches = list[frozenset[str]]  # an empty set narrows nothing


def alternatives(node: Node) -> list[list[str]]:
    """Return conjunctions of search words that together cover the query, in a fixed order."""
    found = _covering(node)
    least = [words for words in found if not any(other < words for other in found)]
    return [_ordered(words) for words in dict.fromkeys(least)]


def terms(node: Node) -> list[str]:
    """Return the words and phrases as written that a match may contain."""
    return list(dict.fromkeys(term.written for term in _positive(node)))


def _positive(node: Node) -> list[Term]:
    match node:
        case Term():
            return [node]
        case Near(left, right):
            return [*left, *right]
        case And(of) | Or(of):
            return [term for child in of for term in _positive(child)]
        case _:
            return []


def _covering(node: Node) -> _Searches:
    match node:
        case Term():
            return [_of_term(node)]
        case Near(left, right):
            return _both([[_of_term(term) for term in left], [_of_term(term) for term in right]])
        case And(of):
            return _both([_covering(child) for child in of if not isinstance(child, Not)])
        case Or(of):
            joined = list(dict.fromkeys(words for child in of for words in _covering(child)))
            return [frozenset()] if frozenset() in joined else joined
        case _:
            return [frozenset()]


def _both(sides: list[_Searches]) -> _Searches:
    """Return searches for all sides at once, leaving out sides that would make too many."""
    made: _Searches = [frozenset()]
    for side in sorted(sides, key=len):
        if len(made) * len(side) > MOST and made != [frozenset()]:
            continue
        made = list(dict.fromkeys(one | other for one in made for other in side))
    whole = [frozenset(word for word in words if not word.endswith("*")) or words for words in made]
    return list(dict.fromkeys(whole))


def _of_term(term: Term) -> frozenset[str]:
    if term.within is None and len(term.parts) > 1 and not any(part.wild for part in term.parts):
        spoken = fold(term.written)
        if '"' in spoken:
            spoken = " ".join(part.text for part in term.parts)
        return frozenset({f'"{spoken}"'})
    whole = frozenset(term.sigil + part.text for part in term.parts if not part.wild)
    if whole:
        return whole
    # a marker for `_both`: dropped where a whole word stands beside it
    return frozenset({max(term.parts[0].text.split("*"), key=len) + "*"})


def _ordered(words: frozenset[str]) -> list[str]:
    return sorted(word.removesuffix("*") for word in words)
