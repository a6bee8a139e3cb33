"""A file that cannot be used as a whole."""

from __future__ import annotations

from listener.errors import ListenerError


class RowsError(ListenerError):
    """What is wrong with the file, where, and what to do."""
