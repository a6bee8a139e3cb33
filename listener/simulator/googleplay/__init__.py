"""Google Play of the simulated world, below /play: the publisher API with its token endpoint, and the store's page.

https://developers.google.com/android-publisher/api-ref/rest/v3/reviews . No state: everything is in the World.
"""

from __future__ import annotations

from listener.simulator.googleplay import publisher, store
from listener.simulator.googleplay.app import routes

__all__ = ["publisher", "routes", "store"]
