"""The state of the simulated platforms, in memory, behind one lock."""

from __future__ import annotations

from listener.simulator.world.state import World

__all__ = ["World"]
