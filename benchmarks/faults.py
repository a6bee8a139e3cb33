"""`python -m benchmarks.faults`: the fault matrix. Each channel on the simulator, each fault, as a Markdown table.

Listening: posts that are stored of those that are to be read, polls until then, and how long a rate limit held us off.
Answering: what became of one reply, and how many the public sees. Nothing sleeps: the clock of the schedule is moved.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select

from alerts import people, reply
from alerts.models import Reply
from benchmarks._stage import GONE, PAGED, WAYS, Stage, Way, stage
from listener import collect
from listener.db import now
from listener.models import Mention

STALL = 1.6  # seconds, longer than anybody waits
RESET = 300.0  # seconds until a rate limit's reset
RUNS = 12  # polls, or looks at a reply, before it counts as lost
LISTENING = (
    "rate_limited",
    "server_error",
    "stall",
    "truncated",
    "not_json",
    "unauthorized",
    *PAGED,
    "deleted_author",
)
ANSWERING = (
    "accepted_then_503", "server_error", "rate_limited", "stall", "truncated", "not_json", "unauthorized",
    "deleted_author", GONE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of listening: posts the platform still shows, posts stored, how many of the first are missing.

    doubled: stored more than once; struck: how often the fault struck; held_off: by a rate limit.
    """

    readable: int
    stored: int
    missed: int
    polls: int
    doubled: int
    struck: int
    held_off: timedelta
    errors: list[str]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one reply."""

    state: str
    public: int
    struck: int
    error: str


def listen(way: Way, fault: str) -> Heard | None:
    """Listen with a fault in the middle of the first walk. None: the platform cannot have it."""
    if fault in way.without:
        return None
    with stage(way) as set_:
        set_.say(way.posts)
        path = "/mail/imap/examine" if (way.name, fault) == ("email", "looping_cursor") else way.listing
        lasting = None if fault in PAGED else 1
        seconds = STALL if fault == "stall" else RESET
        made = set_.sim.faults.set(
            fault, times=lasting, seconds=seconds, path=path, after=0 if lasting is None else way.first
        )
        errors, held_off, polls = [], timedelta(0), 0
        for _ in range(RUNS):
            error, more = set_.poll()
            polls += 1
            set_.sim.faults.clear()
            if error:
                errors.append(error)
            if fault == "rate_limited" and polls == 1:
                held_off = set_.due() - set_.at
                polls += collect.poll(set_.db, set_.kit, set_.source_id, at=set_.at).skipped is None
            set_.at = set_.due()
            if polls > 1 and not error and not more:
                break
        with set_.db.read() as session:
            stored = list(
                session.scalars(select(Mention.text).where(Mention.text.contains("my tolvane box is dead")))
            )
        readable = set_.readable()
        missed, doubled = len(readable - set(stored)), len(stored) - len(set(stored))
        return Heard(len(readable), len(stored), missed, polls, doubled, made.taken, held_off, errors)


def answer(way: Way, fault: str) -> Said | None:
    """Answer one post with a fault at the call that publishes. None: not answered by an API, or it cannot have it."""
    if not way.answering or fault in (*way.without, *way.unsaid):
        return None
    with stage(way) as set_:
        set_.say(1)
        set_.poll()
        person = people.add_person(set_.db, "mia@example.test", "agent", "a long pass phrase")
        with set_.db.read() as session:
            mention = session.scalars(select(Mention.id).where(Mention.text.contains("my tolvane"))).one()
        reply_id = reply.approve(
            set_.db,
            set_.kit,
            mention_id=mention,
            text="Sorry, we are on it.",
            person_id=person,
            undo_seconds=0,
        )
        struck = _strike(set_, fault)
        reply.send(set_.db, set_.kit)
        _settle(set_, fault)
        set_.sim.faults.clear()
        at = now()
        for _ in range(RUNS):
            if _row(set_, reply_id).state in {"sent", "failed"}:
                break
            at += timedelta(minutes=10)
            reply.resolve(set_.db, set_.kit, at=at)
            reply.send(set_.db, set_.kit, at=at)
        found = _row(set_, reply_id)
        return Said(found.state, len(set_.public()), struck(), found.error or "")


def main() -> int:
    """Print both tables. Exit code 1 when something was lost, stored twice, or said twice."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wrong: list[str] = []
    print("Listening: posts stored of those readable (polls; time a rate limit held us off)\n")
    _print(LISTENING, WAYS, lambda way, fault: _heard(way, fault, wrong))
    print("\nAnswering: state of the reply, answers that are public\n")
    _print(ANSWERING, [way for way in WAYS if way.answering], lambda way, fault: _said(way, fault, wrong))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def _print(faults: Sequence[str], ways: Sequence[Way], cell: Callable[[Way, str], str]) -> None:
    print("| | " + " | ".join(name.replace("_", " ") for name in faults) + " |")
    print("|---" * (len(faults) + 1) + "|")
    for way in ways:
        print(f"| {way.name} | " + " | ".join(cell(way, fault) for fault in faults) + " |", flush=True)


def _heard(way: Way, fault: str, wrong: list[str]) -> str:
    found = listen(way, fault)
    if found is None:
        return "·"
    if found.missed or found.doubled or not found.struck:
        wrong.append(f"{way.name}, {fault}: {found}")
    wait = f"; {found.held_off.total_seconds() / 60:.0f} min" if found.held_off else ""
    return f"{found.stored}/{found.readable} ({found.polls}{wait})"


def _said(way: Way, fault: str, wrong: list[str]) -> str:
    found = answer(way, fault)
    if found is None:
        return "·"
    if (found.state, found.public) not in {("sent", 1), ("failed", 0)} or not found.struck:
        wrong.append(f"{way.name}, {fault}: {found}")
    return f"{found.state}, {found.public}"


def _strike(set_: Stage, fault: str) -> Callable[[], int]:
    """Let a fault wait for the call that publishes, or delete the post before it. Returns how often it has struck."""
    world = set_.sim.world
    if fault == GONE:
        for post in world.on(set_.kind)[:]:
            if post.account is not world.brand:
                world.delete(post)
        return lambda: 1
    made = world.faults.set(fault, seconds=STALL if fault == "stall" else RESET, path=set_.way.answering)
    return lambda: made.taken


def _settle(set_: Stage, fault: str) -> None:
    """Wait until a platform that answers too late has done what it was asked: it takes the reply after we gave up."""
    if fault == "stall":
        end = time.monotonic() + 5 * STALL
        while not set_.public() and time.monotonic() < end:
            threading.Event().wait(0.05)


def _row(set_: Stage, reply_id: int) -> Reply:
    with set_.db.read() as session:
        return session.get_one(Reply, reply_id)


if __name__ == "__main__":
    sys.exit(main())
