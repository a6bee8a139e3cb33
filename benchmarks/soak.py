"""`python -m benchmarks.soak`: rough weather. Posts come in gusts, authors leave, faults strike by the dice.

Prints, for each channel and seed, what a reader of the platform sees and what is stored when the weather has cleared,
and what became of the replies that were sent through it.
A longer companion of `benchmarks.faults`, for what two faults in a row do; the same seed gives the same weather.
"""

from __future__ import annotations

import logging
import random
import sys
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select

from alerts import people, reply
from alerts.models import Reply
from benchmarks._stage import PAGED, WAYS, Stage, Way, stage
from benchmarks.faults import RESET, RUNS
from listener.db import now
from listener.models import Mention
from listener.simulator.faults import Fault
from listener.simulator.places import Line, places

ROUNDS = 25
GUSTS = (0, 0, 1, 3, 10, 45)  # posts between two polls
FAULTS = ("rate_limited", "server_error", "truncated", "not_json", "deleted_author", *PAGED)
UPSETS = ("rate_limited", "server_error", "truncated", "not_json", "accepted_then_503", "unauthorized")
REPLIES = 10
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


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of the replies: how many are public once and known as sent, and those of which something else is true.

    struck: faults that struck meanwhile.
    """

    once: int
    wrong: list[str]
    struck: int


def answer(way: Way, seed: int, replies: int = REPLIES) -> Answered:
    """Let one channel answer through it, a reply between two storms; `unauthorized` may fail one for good."""
    dice, made, struck = random.Random(seed), [], 0
    with stage(way) as set_:
        set_.say(replies)
        set_.poll()
        person = people.add_person(set_.db, "mia@example.test", "agent", "a long pass phrase")
        with set_.db.read() as session:
            mentions = list(session.scalars(select(Mention.id).where(Mention.text.contains(_WORDS))))
        began = at = now()
        clock = set_.sim.world.clock
        set_.sim.world.clock = lambda: clock() + (at - began)  # the platform's clock goes with ours
        for number, mention_id in enumerate(mentions):
            made.append(
                reply.approve(
                    set_.db,
                    set_.kit,
                    mention_id=mention_id,
                    text=_reply(number),
                    person_id=person,
                    undo_seconds=0,
                )
            )
            brewed = [_upset(set_, dice) for _ in range(dice.choice((1, 1, 2, 3)))]
            reply.send(set_.db, set_.kit, at=at)
            at += timedelta(minutes=dice.choice((1, 3, 10)))
            reply.resolve(set_.db, set_.kit, at=at)
            struck += sum(one.taken for one in brewed)
            set_.sim.faults.clear()
        for _ in range(RUNS):
            at += timedelta(minutes=30)
            reply.resolve(set_.db, set_.kit, at=at)
            reply.send(set_.db, set_.kit, at=at)
        return _told(set_, made, struck)


def main() -> int:
    """Print the lines. Exit code 1 when something was lost, stored twice or said twice."""
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
        for seed in range(seeds if way.answering else 0):
            said = answer(way, seed)
            lost += len(said.wrong)
            print(
                f"{way.name:<16} seed {seed}: {said.once} replies public once, {said.struck} faults; {said.wrong}",
                flush=True,
            )
    return 1 if lost else 0


def _told(set_: Stage, made: list[int], struck: int) -> Answered:
    public = [post.text.replace("\\", "") for post in set_.public()]
    once, wrong = 0, []
    with set_.db.read() as session:
        for number, reply_id in enumerate(made):
            row = session.get_one(Reply, reply_id)
            count = sum(_reply(number) in text for text in public)
            once += (row.state, count) == ("sent", 1)
            if (row.state, count) not in {("sent", 1), ("failed", 0)}:
                wrong.append(f"reply {number}: {row.state}, {count} public, {row.error}")
    return Answered(once, wrong, struck)


def _reply(number: int) -> str:
    return f"Sorry, we are on it, case {number}."


def _upset(set_: Stage, dice: random.Random) -> Fault:
    """Let a fault wait, mostly for the call that publishes, else for any call to the platform."""
    kind = dice.choice([name for name in UPSETS if name not in set_.way.unsaid])
    path = set_.way.answering if dice.random() < 0.7 else set_.way.listing.rpartition("/")[0]  # noqa: PLR2004 - a biased coin
    return set_.sim.faults.set(kind, times=dice.choice((1, 1, 2)), seconds=RESET, path=path)


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
