"""A brand's query: parsed once, asked of every post, and turned into what a platform can search for.

    parse('(acme OR "acme tv") AND NOT jobs lang:en rating:<3').matches(Document(text="Acme is down"))

Grammar in `grammar`, meaning in `match`, platform searches in `cover`. Nothing here reads a database or a network.
"""

from __future__ import annotations

from dataclasses import dataclass

from listener.query import cover, grammar, match
from listener.query import why as reasons
from listener.query.document import Document
from listener.query.error import QueryError
from listener.query.tree import Node

__all__ = ["Document", "Query", "QueryError", "parse"]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `text` is what the person wrote, `tree` what it means."""

    text: str
    tree: Node

    def matches(self, document: Document) -> bool:
        """Return whether a post is asked for; linear in the length of its text."""
        return match.matches(self.tree, document)

    def why(self, document: Document) -> list[str]:
        """Return the words, phrases and fields of the query that a post satisfies, as written."""
        return reasons.why(self.tree, document)

    def terms(self) -> list[str]:
        """Return the words and phrases that are asked for (none under NOT), in order, for highlighting."""
        return cover.terms(self.tree)

    def alternatives(self) -> list[list[str]]:
        """Return searches that together find at least every post that matches.

        Each is a conjunction of words, "quoted phrases", @handles and #tags, for a platform without boolean search.
        An empty conjunction, `[[]]`, means that no word narrows the query (`rating:<3`): everything must be read.
        A lone `acme*` gives `acme`: platforms know no wildcards, so what they find for it is not complete.
        """
        return cover.alternatives(self.tree)

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Query:
    """Parse a query. Raises QueryError, which shows the place."""
    return Query(text, grammar.tree_of(text))
