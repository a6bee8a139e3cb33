"""A brand's queries as the searches a platform without boolean operators can do. No network."""

from __future__ import annotations

from collections.abc import Sequence

from listener.query import Query


def searches(queries: Sequence[Query]) -> list[str]:
    """Return searches (words joined by AND) that together find at least what the queries match, each once.

    A part of a query without any word (`rating:<3` alone) cannot be searched for and is left out.
    """
    wanted = (" ".join(words) for query in queries for words in query.alternatives())
    return list(dict.fromkeys(text for text in wanted if text))
