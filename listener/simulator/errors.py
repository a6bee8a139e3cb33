"""The one error of the simulator that is meant for the person who started it."""

from __future__ import annotations


class SimulatorError(Exception):
    """The simulator cannot do what was asked: an unknown scenario, a bad scenario file, an unknown fault."""
