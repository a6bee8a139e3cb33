"""The errors of this room that people see.

Every message names what is wrong, where, and what to do; nothing here logs or prints.
"""

from __future__ import annotations


class SentimentError(Exception):
    """Parent of what this room raises for people: the text says what, where and what to do."""


class DataError(SentimentError):
    """A file of texts or labels that cannot be used; the message names file, line and cause."""


class ModelError(SentimentError):
    """A model that cannot be used: missing, damaged, of an unknown format or not a classifier.

    ``str(error)`` is one line made of the three parts, fit for a banner or a terminal.
    """

    def __init__(self, what: str, *, where: object, do: str) -> None:
        """Join the three parts: ``what`` is wrong, ``where`` it is, what to ``do``."""
        super().__init__(f"{what}: {where}. {do}")
        self.what = what
        self.where = str(where)
        self.do = do
