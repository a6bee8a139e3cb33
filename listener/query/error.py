"""What is said about a query that cannot be used: where, why, what to do."""

from __future__ import annotations

from listener.errors import ListenerError

_BEFORE, _AFTER = 50, 20  # characters shown around the place


class QueryError(ListenerError):
    """A query that does not parse or is too large; `str` shows it with a caret under the place.

    position: index into the query as it was written, from 0; reason: one sentence with what to do.
    """

    def __init__(self, reason: str, position: int, query: str = "") -> None:
        """Keep the parts for pages and build the text for terminals."""
        self.reason = reason
        self.position = max(0, min(position, len(query)))
        self.query = query
        super().__init__(
            f"The query cannot be used (character {self.position + 1}): {reason}\n{self.picture()}"
        )

    def picture(self) -> str:
        """Return the part of the query around the place, and a caret under it on the next line."""
        start = max(0, self.position - _BEFORE)
        end = self.position + _AFTER
        shown = "".join(char if char.isprintable() else " " for char in self.query[start:end])
        left, right = "…" if start else "", "…" if end < len(self.query) else ""
        return f"  {left}{shown}{right}\n  {' ' * (len(left) + self.position - start)}^"
