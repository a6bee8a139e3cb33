"""Loopback platforms that drive the real channels: for the demo, for drills, for tests.

A server that speaks Mastodon's API, a news feed and the search of Hacker News, filled by a scenario of our own
writing with invented people. It must not touch the database or any other room; it is the only part of the listener
that may import flask.
"""

from __future__ import annotations

from listener.simulator.errors import SimulatorError
from listener.simulator.running import TOKEN, Simulator
from listener.simulator.world import World

__all__ = ["TOKEN", "Simulator", "SimulatorError", "World"]
