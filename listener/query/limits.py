"""How large a query may be, so that asking it of the longest post takes milliseconds, and which ones say nothing.

The figures are far above what people write; the costly parts (wildcards, distances) have limits of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from listener.query.error import QueryError
from listener.query.tree import And, Is, Near, Node, Not, Or, Rating, Term

LENGTH = 4000  # characters
DEPTH = 20  # parentheses and NOTs inside each other
TERMS = 100  # words, phrases and field values
PARTS = 20  # words of one phrase
WILD = 40  # terms with one wildcard at an end
COSTLY = 8  # wildcards inside a word or a phrase, and distances
DISTANCE = 100  # words


def check(node: Node, text: str) -> None:
    """Raise QueryError when the query is too large to ask or asks for nothing."""
    leaves = list(leaves_of(node))
    if len(leaves) > TERMS:
        raise QueryError(
            f"it has more than {TERMS} terms; split it into several queries", leaves[TERMS].position, text
        )
    wild = costly = 0
    for leaf in leaves:
        if not isinstance(leaf, Term | Near):
            continue
        if leaf.within is not None:
            costly += 1
            _distance(leaf.within, leaf.position, text)
        if isinstance(leaf, Term):
            more_wild, more_costly = _wildcards(leaf, text)
            wild, costly = wild + more_wild, costly + more_costly
        if wild > WILD:
            raise QueryError(f"it has more than {WILD} wildcards; split it", leaf.position, text)
        if costly > COSTLY:
            reason = f"it has more than {COSTLY} distances and wildcards inside words or phrases; split it"
            raise QueryError(reason, leaf.position, text)
    _something_asked(node, text)


def leaves_of(node: Node) -> Iterator[Term | Near | Is | Rating]:
    """Yield the terms and fields of a query in the order they were written; a NEAR comes before its terms."""
    if isinstance(node, And | Or):
        for child in node.of:
            yield from leaves_of(child)
    elif isinstance(node, Not):
        yield from leaves_of(node.of)
    else:
        yield node
        if isinstance(node, Near):
            yield from (*node.left, *node.right)


def _wildcards(term: Term, text: str) -> tuple[int, int]:
    """Return how many wildcards the term has, and how many of them are costly to look for."""
    if len(term.parts) > PARTS:
        raise QueryError(f"this phrase has more than {PARTS} words; shorten it", term.position, text)
    wild = sum(part.wild for part in term.parts)
    return wild, wild if len(term.parts) > 1 or "*" in term.parts[0].text.strip("*") else 0


def _distance(within: int, position: int, text: str) -> None:
    if within > DISTANCE:
        raise QueryError(f"a distance is at most {DISTANCE} words", position, text)


def _something_asked(node: Node, text: str) -> None:
    """A query, or one side of an OR, of nothing but NOT would want nearly every post in the world."""
    if isinstance(node, Or):
        for child in node.of:
            _something_asked(child, text)
    elif isinstance(node, And):
        if all(isinstance(child, Not) for child in node.of):
            _something_asked(node.of[0], text)
    elif isinstance(node, Not):
        reason = "nothing but NOT is asked for here; add a word that must be there, such as the brand's name"
        raise QueryError(reason, node.position, text)
