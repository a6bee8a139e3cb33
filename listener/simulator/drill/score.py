"""The scorecard: what was answered when, what was missed, what should not have been said. Figures only, no state.

All durations are of the drill's own time, from the moment the platform published the post to the moment it took the
answer. Percentiles are by nearest rank, so that each is a time somebody really waited.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from listener.simulator.drill.faults import Fault, faults
from listener.simulator.drill.plan import HIGHEST, Plan, Truth

_SHOWN = 90  # characters of a post


@dataclass(slots=True)
class Given:
    """One answer of the brand."""

    text: str
    at: timedelta


@dataclass(slots=True)
class Case:
    """One post of the drill with what its author wrote after it and what the brand answered."""

    number: int
    platform: str
    by: str
    language: str
    text: str
    truth: Truth
    said: list[timedelta]  # when the customer wrote: the post itself, then what went on with it
    answers: list[Given] = field(default_factory=list)

    @property
    def at(self) -> timedelta:
        """When it arrived."""
        return self.said[0]

    @property
    def waited(self) -> timedelta | None:
        """Return how long until the first answer, None without one."""
        return self.answers[0].at - self.at if self.answers else None

    def brief(self) -> dict[str, Any]:
        """Return what a list shows of it."""
        return {
            "post": self.number, "platform": self.platform, "by": self.by, "language": self.language,
            "level": self.truth.level, "after_s": _seconds(self.at), "text": cut(self.text, _SHOWN),
        }  # fmt: skip


def cut(text: str, most: int) -> str:
    """Return a text on one line, of at most so many characters; an ellipsis says that there is more."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of a level, of a platform, or of everything. Seconds; None: nobody was answered yet."""

    name: str
    arrived: int
    needing: int
    answered: int
    in_time: int
    missed: int
    waiting: int
    wrong: int
    median_s: int | None
    p90_s: int | None
    target_s: int | None = None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """How the team did up to `at_s`. `criticals_first` is None before the first critical post and answer.

    `missed`: needed an answer and got none, although its target has passed or the drill is over. `waiting`: still in
    time. `overtaken`: answers to lesser posts while a critical one waited.
    """

    scenario: str
    speed: float
    at_s: int
    length_s: int
    over: bool
    total: Group
    levels: list[Group]
    platforms: list[Group]
    missed: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    wrong: list[dict[str, Any]]
    criticals_first: bool | None
    overtaken: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return the document of the control endpoint."""
        return asdict(self)


def score(plan: Plan, cases: Sequence[Case], at: timedelta, *, speed: float = 1.0) -> Scorecard:
    """Judge the cases that have arrived by `at`."""
    over = at >= plan.length
    found = {case.number: faults(case.truth, case.language, case.said, case.answers) for case in cases}
    late = {
        case.number
        for case in cases
        if _open(case) and (over or case.at + plan.targets[case.truth.level] < at)
    }
    levels = sorted({case.truth.level for case in cases if case.truth.answer}, reverse=True)
    judge = _Judge(plan, found, late)
    overtaken = list(_overtaken(plan, cases))
    return Scorecard(
        plan.name, speed, _seconds(min(at, plan.length)), _seconds(plan.length), over,
        judge.group("all", cases),
        [judge.group(str(level), _of_level(cases, level), plan.targets[level]) for level in levels],
        [judge.group(name, [one for one in cases if one.platform == name])
         for name in sorted({case.platform for case in cases})],
        [case.brief() for case in cases if case.number in late],
        [case.brief() for case in cases if _open(case) and case.number not in late],
        [case.brief() | {"reasons": [asdict(fault) for fault in found[case.number]]}
         for case in cases if found[case.number]],
        _in_order(cases, overtaken),
        overtaken,
    )  # fmt: skip


def _in_order(cases: Sequence[Case], overtaken: Sequence[object]) -> bool | None:
    if not any(_critical(case) for case in cases) or not any(case.answers for case in cases):
        return None
    return not overtaken


@dataclass(frozen=True, slots=True)
class _Judge:
    plan: Plan
    found: Mapping[int, list[Fault]]
    late: set[int]

    def group(self, name: str, cases: Sequence[Case], target: timedelta | None = None) -> Group:
        needing = [case for case in cases if case.truth.answer]
        waits = sorted(case.waited for case in needing if case.waited is not None)
        in_time = [
            case
            for case in needing
            if case.waited is not None and case.waited <= self.plan.targets[case.truth.level]
        ]
        missed = sum(case.number in self.late for case in cases)
        return Group(
            name, len(cases), len(needing), len(waits), len(in_time), missed, len(needing) - len(waits) - missed,
            sum(bool(self.found[case.number]) for case in cases), _rank(waits, 0.5), _rank(waits, 0.9),
            None if target is None else _seconds(target),
        )  # fmt: skip


def _overtaken(plan: Plan, cases: Sequence[Case]) -> Iterable[dict[str, Any]]:
    criticals = [case for case in cases if _critical(case)]
    for case in cases:
        if _critical(case):
            continue
        for answer in case.answers:
            left = [
                other.number
                for other in criticals
                if other.at + plan.notice <= answer.at
                and (not other.answers or other.answers[0].at > answer.at)
            ]
            if left:
                yield case.brief() | {"answered_s": _seconds(answer.at), "waiting": left}


def _critical(case: Case) -> bool:
    return case.truth.answer and case.truth.level == HIGHEST


def _open(case: Case) -> bool:
    return case.truth.answer and not case.answers


def _of_level(cases: Sequence[Case], level: int) -> list[Case]:
    return [case for case in cases if case.truth.answer and case.truth.level == level]


def _rank(waits: Sequence[timedelta], share: float) -> int | None:
    return _seconds(waits[math.ceil(len(waits) * share) - 1]) if waits else None


def _seconds(duration: timedelta) -> int:
    return round(duration.total_seconds())
