"""The parts of a parsed query. Words in it are folded already; positions point into what the person wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a term: whole, or with `*` for any letters."""

    text: str

    @property
    def wild(self) -> bool:
        """Whether it holds a wildcard."""
        return "*" in self.text


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase: parts that follow each other, or lie within `within` further words in any order.

    sigil: "@" or "#" when only the handle or the tag is meant.
    """

    parts: tuple[Part, ...]
    written: str = field(compare=False)
    sigil: Literal["", "@", "#"] = ""
    within: int | None = None
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """Two groups of terms, one of each with at most `within` words between them, in any order."""

    left: tuple[Term, ...]
    right: tuple[Term, ...]
    within: int
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Is:
    """A field that has a value: `lang:en`, `channel:mastodon`, `author:bob*`."""

    name: Literal["lang", "channel", "author"]
    value: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating within bounds; a post without one never is."""

    low: float | None
    high: float | None
    low_open: bool = False
    high_open: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be."""

    of: Node
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """What must all be."""

    of: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Of which one must be."""

    of: tuple[Node, ...]


Node = Term | Near | Is | Rating | Not | And | Or
