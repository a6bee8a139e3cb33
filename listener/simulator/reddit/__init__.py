"""Reddit of the simulated world, below /reddit: OAuth, listings, look-ups, comments, and the RSS that needs no key.

https://www.reddit.com/dev/api . Must not hold state; everything is in the World.
"""

from __future__ import annotations

from listener.simulator.reddit import account, comments, feeds, listings
from listener.simulator.reddit.asked import routes

__all__ = ["account", "comments", "feeds", "listings", "routes"]
