"""Bluesky of the simulated world, below /bluesky: sessions, the account's repository, feeds, search, notifications.

https://docs.bsky.app . Must not hold state; everything is in the World.
"""

from __future__ import annotations

from listener.simulator.bluesky import feeds, repository, sessions
from listener.simulator.bluesky.asked import routes

__all__ = ["feeds", "repository", "routes", "sessions"]
