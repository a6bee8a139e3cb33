"""The pool that live posts and customers' answers are made from: sentences with slots, per language.

No text comes twice within a run while the pool has another one to offer.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from listener.simulator.errors import SimulatorError
from listener.simulator.scenario import FOLDER, POOL, load

_SLOT = re.compile(r"\{(\w+)\}")
_TRIES = 40
MOODS = ("thanks", "angry", "more")


@dataclass(slots=True)
class Pool:
    """The sentences of one language."""

    language: str
    people: list[tuple[str, str]]
    posts: list[str]
    outage: list[str]
    slots: dict[str, list[str]]
    answers: dict[str, list[str]]
    _said: set[str] = field(default_factory=set)
    _bags: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def all(cls) -> list[Pool]:
        """Read all languages. Raises SimulatorError for a file that is not as it should be."""
        found = []
        for file in sorted((FOLDER / POOL).glob("*.toml")):
            part = load(file)
            try:
                pool = cls(
                    part["language"], [(handle, name) for handle, name in part["people"].items()], part["posts"],
                    part["outage"], part["slots"], {mood: part["answers"][mood] for mood in MOODS},
                )  # fmt: skip
            except (KeyError, AttributeError, TypeError) as error:
                raise SimulatorError(
                    f"scenario file {POOL}/{file.name}: {error} is missing or malformed"
                ) from error
            pool._check(file.name)
            found.append(pool)
        return found

    def text(self, dice: random.Random, *, outage: bool = False) -> str:
        """Return the words of a new post."""
        return self._fresh(dice, "outage" if outage else "posts", self.outage if outage else self.posts)

    def answer(self, dice: random.Random, mood: str) -> str:
        """Return what a customer says after the brand has answered."""
        return self._fresh(dice, mood, self.answers[mood])

    def _fresh(self, dice: random.Random, bag_name: str, sentences: list[str]) -> str:
        said = ""
        for _ in range(_TRIES):
            bag = self._bags.setdefault(bag_name, [])
            if not bag:
                bag.extend(dice.sample(sentences, len(sentences)))
            said = _SLOT.sub(lambda slot: dice.choice(self.slots[slot[1]]), bag.pop())
            if said not in self._said:
                break
        self._said.add(said)
        return said

    def _check(self, name: str) -> None:
        sentences = [*self.posts, *self.outage, *(one for mood in MOODS for one in self.answers[mood])]
        missing = {slot for one in sentences for slot in _SLOT.findall(one)} - self.slots.keys()
        if missing:
            raise SimulatorError(
                f"scenario file {POOL}/{name}: no words for the slots {', '.join(sorted(missing))}"
            )
