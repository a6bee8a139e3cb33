"""The clock: a few ticks that look for due rows. The only file that knows APScheduler.

Nothing is stored in the scheduler: what is due lives in rows, so a second clock is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from listener.queue import Job, run_job


@dataclass(frozen=True, slots=True)
class Tick:
    """A function to call every so many seconds."""

    name: str
    every: float  # seconds
    run: Callable[[], object]


class Clock:
    """Runs ticks on background threads until stopped; a tick that is still running is not started again."""

    def __init__(self, ticks: Sequence[Tick]) -> None:
        self._scheduler = BackgroundScheduler(timezone="UTC", executors={"default": ThreadPoolExecutor(4)})
        for tick in ticks:
            job = Job(tick.name, tick.run)
            self._scheduler.add_job(
                run_job,
                IntervalTrigger(seconds=tick.every),
                args=(job, ()),
                id=tick.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Start ticking; each tick fires at once and then at its interval."""
        self._scheduler.start()
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def stop(self) -> None:
        """Stop; a running tick is waited for."""
        self._scheduler.shutdown(wait=True)
