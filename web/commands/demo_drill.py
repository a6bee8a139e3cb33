"""The demo of a drill: a source for each platform of the crisis, and the scorecard on the terminal when it is over."""

from __future__ import annotations

import threading
from datetime import timedelta

import click

from listener import sources
from listener.channels import channel_type
from listener.db import Database
from listener.ground import Ground
from listener.simulator import Simulator
from listener.simulator.drill import Drill as Run
from listener.simulator.drill.report import duration, report

EVERY = timedelta(seconds=10)
ALSO = {"x": "x-app"}  # the app's own token, with which X counts what a query has
BUDGETS = {"x": {"reads_per_day": "5000"}}
_LOOK_SECONDS = 0.5


def options_of(simulator: Simulator, kind: str) -> dict[str, str]:
    """Return the options and credentials with which a source listens to a simulated platform, and is answered there."""
    return simulator.access.of(ALSO.get(kind, kind)) | simulator.access.of(kind)


class Drill:
    """Leads a drill; does nothing where the scenario is none. Held until `begin`, so that the team misses no minute."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.run = simulator.drill
        self._told = threading.Lock()  # taken by whoever tells the score: at the end or at Ctrl-C
        if self.run is not None:
            self.run.hold()

    def listen(self, db: Database, ground: Ground) -> None:
        """Add a source for each of its platforms."""
        brand = self.simulator.world.brand_name
        for kind in self.run.platforms if self.run else ():
            name = f"{brand} on {channel_type(kind).title}"
            options = options_of(self.simulator, kind) | BUDGETS.get(kind, {})
            sources.add(db, ground, kind, name=name, brand=brand, settings=options, every=EVERY)

    def begin(self) -> None:
        """Let the first post come; the score is told when the time is up."""
        if self.run is None:
            return
        self.run.begin()
        real = duration(round((self.run.plan.length / self.run.speed).total_seconds()))
        click.echo(f"Drill: begins now, takes {real}; figures at {self.simulator.base_url}/drill")
        threading.Thread(target=self._watch, args=(self.run,), daemon=True).start()

    def tell(self) -> None:
        """Print the scorecard, once."""
        if self.run is not None and self.run.begun and self._told.acquire(blocking=False):
            click.echo(report(self.run.scorecard()))

    def _watch(self, run: Run) -> None:
        while not run.over:
            threading.Event().wait(_LOOK_SECONDS)
        self.tell()
