"""Ids as X makes them (milliseconds since its own epoch in the upper bits) from the world's, and back. No state."""

from __future__ import annotations

from datetime import datetime

EPOCH = 1_288_834_974_657  # milliseconds of X's first snowflake
_BITS, _TAIL = 22, 0xFFFF


def number(world_id: int) -> int:
    """Return X's id of a post."""
    return max(0, (world_id >> 16) - EPOCH) << _BITS | world_id & _TAIL


def world_id(number_: int) -> int:
    """Return the world's id of X's."""
    return (number_ >> _BITS) + EPOCH << 16 | number_ & _TAIL


def at(moment: datetime) -> int:
    """Return the smallest id of a moment."""
    return max(0, int(moment.timestamp() * 1000) - EPOCH) << _BITS
