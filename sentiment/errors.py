"""The one error of this room that people see.

Every message names what is wrong, where, and what to do; nothing here logs or prints.
"""

from __future__ import annotations


class ModelError(Exception):
    """A model that cannot be used: missing, damaged, of an unknown format or not a classifier.

    ``str(error)`` is one line made of the three parts, fit for a banner or a terminal.
    """

    def __init__(self, what: str, *, where: object, do: str) -> None:
        """Join the three parts: ``what`` is wrong, ``where`` it is, what to ``do``."""
        super().__init__(f"{what}: {where}. {do}")
        self.what = what
        self.where = str(where)
        self.do = do
