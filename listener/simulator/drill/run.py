"""A drill while it runs: lets the posts arrive, keeps the truth of each, and finds the answers to them.

It lives beside the world and is asked by the simulator's own pages only. Posts get the platforms' time; the drill's
own time is `speed` times as fast.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from listener.simulator.drill.plan import Arrival, Plan
from listener.simulator.drill.score import Case, Given, Scorecard, score
from listener.simulator.errors import SimulatorError
from listener.simulator.places import Answer, Line, places
from listener.simulator.world import World

_THEN = timedelta(minutes=2)  # until a customer who was answered writes again


class Drill:
    """One run of a plan, from the moment it is made.

    `platforms`: where posts may be put, by default wherever the simulator can. What needs no answer and has no place is
    left out. Raises SimulatorError for a platform that it does not have, or an important post that can be put nowhere.
    """

    def __init__(
        self, plan: Plan, world: World, *, speed: float = 1.0, platforms: Sequence[str] = ()
    ) -> None:
        found = places()
        unknown = sorted(set(platforms) - found.keys())
        if unknown:
            raise SimulatorError(f"no platform {', '.join(unknown)}; there are: {', '.join(sorted(found))}")
        self.plan = plan
        self.speed = speed
        self.began = world.clock()
        self._places = {name: found[name] for name in platforms or sorted(found)}
        self._world = world
        self._lock = threading.Lock()
        self._all = _placed(plan.arrivals, self._places)
        self._coming = list(self._all)
        self._put: dict[str, tuple[str, str]] = {}  # id in the scenario: platform, reference there
        self._cases: dict[tuple[str, str], tuple[Case, Arrival]] = {}  # by every post of the case, ours too
        self._in_order: list[Case] = []
        self._held = False
        self._heard: dict[tuple[str, str], Given] = {}

    @property
    def now(self) -> timedelta:
        """The drill's own time; it stands still while the drill is held."""
        return timedelta() if self._held else (self._world.clock() - self.began) * self.speed

    @property
    def begun(self) -> bool:
        """False while it is held."""
        return not self._held

    @property
    def over(self) -> bool:
        """True when the time is up; what happens afterwards does not count."""
        return self.now >= self.plan.length

    @property
    def platforms(self) -> list[str]:
        """The platforms on which posts of this run arrive."""
        return sorted({place for _, place in self._all if place})

    def hold(self) -> None:
        """Stay before the beginning until `begin`."""
        self._held = True

    def begin(self) -> None:
        """Begin now; what came before does not count."""
        with self._lock:
            self.began, self._held = self._world.clock(), False

    def tick(self) -> int:
        """Let everything happen that is due. Returns how many posts arrived."""
        with self._lock:
            self._listen()
            return self._arrive()

    def scorecard(self) -> Scorecard:
        """Judge what has happened so far."""
        self.tick()
        with self._lock:
            return score(self.plan, self._in_order, self.now, speed=self.speed)

    def _arrive(self) -> int:
        now = self.now
        due = [one for one in self._coming if one[0].after <= min(now, self.plan.length)]
        self._coming = [one for one in self._coming if one not in due]
        for arrival, place in due:
            self._publish(arrival, place, now)
        return len(due)

    def _publish(self, arrival: Arrival, place: str, now: timedelta) -> None:
        parent = repeats = ""
        if arrival.re:
            place, parent = self._put[arrival.re]  # a thread stays on its platform
        if arrival.boost:
            place, repeats = self._put[arrival.boost]
        reference = self._places[place].put(
            self._world,
            Line(
                arrival.by, arrival.name, arrival.text, arrival.language, self._world.clock(), arrival.title,
                parent, repeats, arrival.visibility, arrival.rating, arrival.place,
            ),
        )  # fmt: skip
        if arrival.id:
            self._put[arrival.id] = (place, reference)
        if arrival.truth is not None:
            case = Case(
                len(self._in_order) + 1, place, arrival.by, arrival.language, arrival.title or arrival.text,
                arrival.truth, [now],
            )  # fmt: skip
            self._in_order.append(case)
            self._cases[place, reference] = (case, arrival)
        elif (place, parent) in self._cases:
            self._cases[place, reference] = self._cases[place, parent]
            self._cases[place, parent][0].said.append(now)

    def _listen(self) -> None:
        for place in self._places:
            for answer in self._places[place].answers(self._world):
                given = self._heard.get((place, answer.id))
                if given is None:
                    self._answered(place, answer)
                else:
                    given.text = answer.text  # it may have been edited

    def _answered(self, place: str, answer: Answer) -> None:
        """Give an answer to the case it belongs to; an answer to one of our own posts goes on with that one's case."""
        at = (answer.at - self.began) * self.speed
        given = self._heard[place, answer.id] = Given(answer.text, at)
        if (place, answer.to) not in self._cases or at > self.plan.length:
            return
        case, arrival = self._cases[place, answer.to]
        case.answers.append(given)
        self._cases[place, answer.id] = (case, arrival)
        if arrival.then and len(case.answers) == 1:
            ours = f"answer {place} {answer.id}"
            self._put[ours] = (place, answer.id)
            more = replace(
                arrival, after=at + _THEN, text=arrival.then, id="", re=ours, boost="", then="", truth=None
            )
            self._coming.append((more, place))


def _placed(arrivals: Sequence[Arrival], platforms: Collection[str]) -> list[tuple[Arrival, str]]:
    """Return each post with the first of its places that is in use; "" is where the post it answers or repeats is."""
    placed: list[tuple[Arrival, str]] = []
    left_out: set[str] = set()
    for one in arrivals:
        other = one.re or one.boost
        place = "" if other else next((name for name in one.on if name in platforms), None)
        if (other and other in left_out) or place is None:
            if one.truth is not None and one.truth.answer:
                raise SimulatorError(
                    f"post after {one.after} by {one.by} is for {', '.join(one.on)}; "
                    f"in use: {', '.join(sorted(platforms))}"
                )
            left_out.add(one.id)
            continue
        placed.append((one, place))
    return placed
