"""The team's drill: a scenario whose posts arrive while it runs, each with a truth, and a scorecard at its end."""

from __future__ import annotations

from listener.simulator.drill.plan import Plan, plan
from listener.simulator.drill.run import Drill
from listener.simulator.drill.score import Scorecard

__all__ = ["Drill", "Plan", "Scorecard", "plan"]
