"""X's API v2 of the simulated world, below /x: recent search, timelines, look-ups and posting.

https://docs.x.com/x-api . Must not hold state; everything is in the World.
"""

from __future__ import annotations

from listener.simulator.x.methods import routes

__all__ = ["routes"]
