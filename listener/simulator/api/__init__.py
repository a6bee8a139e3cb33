"""Mastodon's REST API of the simulated instance: one file per group of its methods.

Behaviour: https://docs.joinmastodon.org/methods/ . Must not hold state; everything is in the World.
"""

from __future__ import annotations

from flask import Flask

from listener.simulator.api import accounts, instance, logging_in, notifications, search, statuses, timelines


def register(app: Flask) -> None:
    """Add all methods to the app."""
    for part in (accounts, instance, logging_in, notifications, search, statuses, timelines):
        app.register_blueprint(part.routes)
