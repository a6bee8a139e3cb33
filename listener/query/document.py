"""A post as queries see it: folded and split into words once, however many queries are asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from listener.text import MAX_LENGTH, fold, words
from listener.text.letters import sigils

_MAX_TITLE = 2000  # characters


@dataclass(frozen=True)
class Document:
    """What a query may ask about. Text beyond what the door keeps (`listener.text.MAX_LENGTH`) is not read."""

    text: str
    title: str | None = None
    language: str | None = None
    channel: str | None = None
    author: str | None = None
    rating: float | None = None

    @cached_property
    def folded(self) -> str:
        """Title and text, folded."""
        text = self.text[:MAX_LENGTH]
        return fold(f"{self.title[:_MAX_TITLE]}\n\n{text}" if self.title else text)

    @cached_property
    def words(self) -> list[str]:
        """The words in order."""
        return words(self.folded)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words, each once."""
        return frozenset(self.words)

    @cached_property
    def signed(self) -> frozenset[str]:
        """@handles and #tags with their signs."""
        return frozenset(sigils(self.folded))

    @cached_property
    def lines(self) -> str:
        """Each word once, on a line of its own: wildcards are then plain substring searches."""
        return "\n" + "\n".join(self.vocabulary) + "\n"

    @cached_property
    def sequence(self) -> str:
        """All words in order, each between spaces: phrases are then plain substring searches."""
        return " " + " ".join(self.words) + " "

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each word stands, counted in words."""
        found: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            found.setdefault(word, []).append(place)
        return found
