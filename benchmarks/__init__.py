"""Speed and memory, measured on the machine at hand: `make bench` prints one table. Not installed, not a test.

A module of this package with a function `rows()` is a benchmark. It may take a minute or two, works in a temporary
folder, and leaves nothing behind.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table."""

    name: str
    figure: float
    unit: str
    goal: str = ""  # for people: "≥ 2,000"
    met: bool | None = None  # None: no goal, only a figure
