"""Which parts of a query a post satisfies: the answer to "why was this heard?"."""

from __future__ import annotations

from collections.abc import Iterator

from listener.query.document import Document
from listener.query.match import matches
from listener.query.tree import And, Is, Near, Node, Or, Rating, Term


def why(node: Node, document: Document) -> list[str]:
    """Return the words, phrases and fields, as written, that the document satisfies; none of what stands under NOT."""
    return list(dict.fromkeys(_satisfied(node, document)))


def _satisfied(node: Node, document: Document) -> Iterator[str]:
    match node:
        case And(of) | Or(of):
            for child in of:
                yield from _satisfied(child, document)
        case Near(left, right):
            if matches(node, document):
                yield from (term.written for term in (*left, *right) if matches(term, document))
        case Term() if matches(node, document):
            yield node.written
        case Is(name, value) if matches(node, document):
            yield f"{name}:{value}"
        case Rating() if matches(node, document) and document.rating is not None:
            yield f"rating:{document.rating:g}"
        case _:
            return
