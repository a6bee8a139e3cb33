"""A brand's queries as the searches a platform without boolean operators can do. No network."""

from __future__ import annotations

from collections.abc import Sequence

from listener.errors import ChannelError
from listener.query import Query


def alternatives(queries: Sequence[Query]) -> list[tuple[str, ...]]:
    """Return conjunctions of words, phrases and tags that together find at least what the queries match, each once.

    A query with a part that has no words (`acme OR rating:<3`) cannot be covered by searches: then each of its words
    is one, which is all that a search can do for it.
    """
    found: list[tuple[str, ...]] = []
    for query in queries:
        if [] in query.alternatives():
            found += [(f'"{term}"' if " " in term else term,) for term in query.terms()]
        else:
            found += [tuple(words) for words in query.alternatives()]
    return list(dict.fromkeys(found))


def searches(queries: Sequence[Query]) -> list[str]:
    """Return `alternatives` as texts for a search that joins words by AND."""
    return [" ".join(words) for words in alternatives(queries)]


def nothing_to_search() -> ChannelError:
    """Return the error of a brand whose queries name no word."""
    return ChannelError(
        "the brand's queries name no word that could be searched for",
        permanent=True,
        hint="Add a word, a phrase or a #tag to the query.",
    )
