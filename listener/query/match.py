"""Whether a post is what a query asks for: set look-ups and substring searches, no pattern that can backtrack."""

from __future__ import annotations

from collections import Counter

from listener.query.distance import close, near
from listener.query.document import Document
from listener.query.tree import And, Is, Near, Node, Not, Or, Rating, Term
from listener.query.wild import any_like, glob, like
from listener.text import fold

_OLD_CODES = {"iw": "he", "in": "id", "ji": "yi"}  # languages whose ISO 639 code was changed


def matches(node: Node, document: Document) -> bool:  # noqa: PLR0911 - one return a kind of node
    """Return whether the document satisfies the node."""
    match node:
        case Term():
            return _term(node, document)
        case And(of):
            return all(matches(child, document) for child in of)
        case Or(of):
            return any(matches(child, document) for child in of)
        case Not(of):
            return not matches(of, document)
        case Near(left, right, within):
            sides = (left, right)
            if not all(any(_term(term, document) for term in side) for side in sides):
                return False  # what is not there is not worth measuring
            return near(spans(left, document), spans(right, document), within)
        case Is():
            return _is(node, document)
        case Rating():
            return _rated(node, document.rating)


def spans(terms: tuple[Term, ...], document: Document) -> list[tuple[int, int]]:
    """Return where any of the terms stands, as (first word, word after the last), in order."""
    if len(terms) == 1 and len(terms[0].parts) == 1:
        return [(place, place + 1) for place in _places(terms[0].parts[0].text, document)]
    found: set[tuple[int, int]] = set()
    for term in terms:
        slots = [_places(part.text, document) for part in term.parts]
        rest = [frozenset(slot) for slot in slots[1:]]
        found.update(
            (start, start + len(slots))
            for start in slots[0]
            if all(start + offset in places for offset, places in enumerate(rest, start=1))
        )
    return sorted(found)


def _term(term: Term, document: Document) -> bool:
    first = term.parts[0]
    if len(term.parts) == 1:
        if term.sigil:
            signed = term.sigil + first.text
            return (
                any(glob(signed, word) for word in document.signed)
                if first.wild
                else signed in document.signed
            )
        return any_like(first.text, document.lines) if first.wild else first.text in document.vocabulary
    if term.within is not None:
        times = Counter(part.text for part in term.parts)
        return close([(_places(text, document), count) for text, count in times.items()], term.within)
    if any(part.wild for part in term.parts):
        return bool(spans((term,), document))
    return f" {' '.join(part.text for part in term.parts)} " in document.sequence


def _places(pattern: str, document: Document) -> list[int]:
    if "*" not in pattern:
        return document.places.get(pattern, [])
    return sorted(place for word in like(pattern, document.lines) for place in document.places[word])


def _is(node: Is, document: Document) -> bool:
    if node.name == "channel":
        return document.channel is not None and glob(node.value, fold(document.channel))
    if node.name == "lang":
        if not document.language:
            return False
        said = fold(document.language).replace("_", "-")
        wanted = node.value.replace("_", "-")
        main, _, region = said.partition("-")
        main = _OLD_CODES.get(main, main)
        wanted_main, _, wanted_region = wanted.partition("-")
        return _OLD_CODES.get(wanted_main, wanted_main) == main and wanted_region in {"", region}
    if not document.author:
        return False
    author, wanted = fold(document.author).strip().lstrip("@"), node.value.lstrip("@")
    return glob(wanted, author) or glob(wanted, author.partition("@")[0])


def _rated(node: Rating, rating: float | None) -> bool:
    if rating is None:
        return False
    if node.low is not None and (rating < node.low or (node.low_open and rating == node.low)):
        return False
    return node.high is None or not (rating > node.high or (node.high_open and rating == node.high))
