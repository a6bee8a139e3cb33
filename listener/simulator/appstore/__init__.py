"""Apple's two interfaces to the reviews of the simulated world, below /appstore: the public feed, and Connect.

https://developer.apple.com/documentation/appstoreconnectapi . Must not hold state; everything is in the World.
"""

from __future__ import annotations

from listener.simulator.appstore import connect, feed
from listener.simulator.appstore.app import routes

__all__ = ["connect", "feed", "routes"]
