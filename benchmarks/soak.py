"""`python -m benchmarks.soak`: rough weather. Posts come in gusts, authors leave, faults strike by the dice.

Prints, for each channel and seed, what a reader of the platform sees and what is stored when the weather has cleared.
A longer companion of `benchmarks.faults`, for what two faults in a row do; the same seed gives the same weather.
"""

from __future__ import annotations

import logging
import random
import sys
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from benchmarks.faults import PAGED, RESET, RUNS, WAYS, Stage, Way, stage
from listener.models import Mention
from listener.simulator.places import Line, places

ROUNDS = 25
GUSTS = (0, 0, 1, 3, 10, 45)  # posts between two polls
FAULTS = ("rate_limited", "server_error", "truncated", "not_json", "deleted_author", *PAGED)
SEEDS = 3
_WORDS = "my tolvane box is dead"


@dataclass(frozen=True, slots=True)
class Weathered:
    """What came of it: posts still shown, posts stored, those of the first that are missing, polls that failed."""

    readable: int
    stored: int
    missed: int
    doubled: int
    errors: int


def soak(way: Way, seed: int, rounds: int = ROUNDS) -> Weathered:
    """Let one channel listen through it."""
    dice, errors, written = random.Random(seed), 0, 0
    with stage(way) as set_:
        for _ in range(rounds):
            written = _gust(set_, dice, written)
            set_.sim.faults.clear()
            for _ in range(dice.choice((0, 1, 1, 2))):
                _brew(set_, dice)
            errors += bool(set_.poll()[0])
            set_.at = set_.due()
        set_.sim.faults.clear()
        for _ in range(RUNS):
            error, more = set_.poll()
            set_.at = set_.due()
            if not error and not more:
                break
        set_.poll()
        with set_.db.read() as session:
            stored = list(session.scalars(select(Mention.text).where(Mention.text.contains(_WORDS))))
        readable, distinct = set_.readable(), set(stored)
        return Weathered(
            len(readable), len(stored), len(readable - distinct), len(stored) - len(distinct), errors
        )


def main() -> int:
    """Print a line for each channel and seed. Exit code 1 when something was lost or stored twice."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seeds = int(sys.argv[1]) if sys.argv[1:] else SEEDS
    lost = 0
    for way in WAYS:
        for seed in range(seeds):
            found = soak(way, seed)
            lost += found.missed + found.doubled
            print(
                f"{way.name:<16} seed {seed}: {found.readable} to be read, {found.stored} stored, "
                f"{found.missed} missed, {found.doubled} twice, {found.errors} polls failed",
                flush=True,
            )
    return 1 if lost else 0


def _gust(set_: Stage, dice: random.Random, written: int) -> int:
    place, world = places()[set_.kind], set_.sim.world
    for number in range(written, written + dice.choice(GUSTS)):
        who = f"customer{number % 9}"
        text = f"@tolvane {_WORDS}, case {number}"
        place.put(world, Line(who, who.title(), text, "en", world.clock(), title=f"tolvane case {number}"))
        written = number + 1
    return written


def _brew(set_: Stage, dice: random.Random) -> None:
    kind = dice.choice([name for name in FAULTS if name not in set_.way.without])
    lasting = kind in PAGED and dice.random() < 0.5  # noqa: PLR2004 - a coin
    path = "/mail/imap/" if set_.kind == "email" else set_.way.listing
    after = 0 if lasting else dice.randrange(5)
    set_.sim.faults.set(kind, times=None if lasting else 1, seconds=RESET, path=path, after=after)


if __name__ == "__main__":
    sys.exit(main())
