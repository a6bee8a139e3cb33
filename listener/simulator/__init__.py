"""Loopback platforms that drive the real channels: for the demo, for drills, for tests.

A server that speaks the APIs of Mastodon, X, Reddit, Bluesky, Google Play and the App Store, a news feed, the search
of Hacker News, IMAP and SMTP, filled by a scenario of our own writing with invented people: one world for all. It must
not touch the database or any other room; it is the only part of the listener that may import flask.
"""

from __future__ import annotations

from listener.simulator.errors import SimulatorError
from listener.simulator.running import TOKEN, Simulator
from listener.simulator.world import World

__all__ = ["TOKEN", "Simulator", "SimulatorError", "World"]
