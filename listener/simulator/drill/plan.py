"""What a drill will do and what is right: the posts to come, each with its truth, and the rules for an answer.

Read from a scenario's `[drill]` section and its posts with `after`. Nothing of this is ever told to a platform's API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from listener import query
from listener.simulator.errors import SimulatorError
from listener.simulator.scenario import Script, ago

WHYS = {
    "chatter": "it is not about the brand",
    "elsewhere": "it cannot be answered there",
    "joke": "a joke",
    "known": "it repeats what others said",
    "praise": "praise needs no answer now",
    "press": "the press office answers journalists",
    "spam": "advertising",
    "troll": "a troll",
}
HIGHEST = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that an answer must or must not have: `about` for people, one query per language."""

    name: str
    about: str
    words: Mapping[str, query.Query]

    def met_by(self, text: str, language: str) -> bool:
        """Tell whether the words are there."""
        return self.words[language].matches(query.Document(text=text))


@dataclass(frozen=True, slots=True)
class Truth:
    """How urgent a post really is (0 to 3), whether it needs an answer (`why` not), and what the answer must hold."""

    level: int
    answer: bool
    why: str = ""
    must: tuple[Rule, ...] = ()
    never: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One post to come, `after` so much of the drill's time. `on`: the place wanted, then what else will do.

    Without a truth it goes on with the case of the post it answers (`re`), or repeats one (`boost`).
    """

    after: timedelta
    by: str
    name: str
    text: str
    language: str
    on: tuple[str, ...] = ("mastodon",)
    id: str = ""
    re: str = ""
    boost: str = ""
    title: str = ""
    visibility: str = "public"
    rating: int | None = None
    place: str = ""
    then: str = ""
    truth: Truth | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole drill; all durations are of the drill's own time.

    `targets`: until the first answer, by level. `notice`: how long a post may take to be heard and read.
    """

    name: str
    title: str
    length: timedelta
    notice: timedelta
    targets: Mapping[int, timedelta]
    arrivals: tuple[Arrival, ...] = field(repr=False)


def plan(script: Script) -> Plan | None:
    """Return the drill of a scenario, or None when it is not one. Raises SimulatorError naming what is wrong."""
    told = script.drill
    if told is None:
        if script.arrivals:
            raise SimulatorError(f"scenario {script.name}: posts with `after` need a [drill] section")
        return None
    where = f"scenario {script.name}, [drill]"
    rules = {name: _rule(name, one, where) for name, one in told.get("say", {}).items()}
    always = _named(rules, told.get("never", []), where)
    try:
        targets = {int(level): ago(written) for level, written in told["targets"].items()}
        made = Plan(
            script.name, script.title, ago(told["length"]), ago(told["notice"]), targets,
            tuple(sorted((_arrival(one, script, rules, always) for one in script.arrivals), key=lambda one: one.after)),
        )  # fmt: skip
    except (KeyError, ValueError, AttributeError) as error:
        raise SimulatorError(f"{where}: {error} is missing or malformed") from error
    _check(made)
    return made


def _rule(name: str, told: Mapping[str, str], where: str) -> Rule:
    words = {}
    for language, written in told.items():
        if language == "about":
            continue
        try:
            words[language] = query.parse(written)
        except query.QueryError as error:
            raise SimulatorError(f"{where}: words of {name} in {language}: {error}") from error
    return Rule(name, told.get("about", name), words)


def _named(rules: Mapping[str, Rule], names: list[str], where: str) -> tuple[Rule, ...]:
    unknown = [name for name in names if name not in rules]
    if unknown:
        raise SimulatorError(f"{where}: there is no rule {', '.join(unknown)} under say")
    return tuple(rules[name] for name in names)


def _arrival(
    one: Mapping[str, Any], script: Script, rules: Mapping[str, Rule], always: tuple[Rule, ...]
) -> Arrival:
    where = f"scenario {script.name}, post after {one['after']} by {one['by']}"
    on = one.get("on", "mastodon")
    return Arrival(
        ago(one["after"]), one["by"], script.people[one["by"]]["name"], one.get("text", ""), one["language"],
        tuple([on] if isinstance(on, str) else on), one.get("id", ""), one.get("re", ""), one.get("boost", ""),
        one.get("title", ""), one.get("visibility", "public"), one.get("rating"), one.get("place", ""),
        one.get("then", ""),
        _truth(one, where, rules, always) if "truth" in one else None,
    )  # fmt: skip


def _truth(one: Mapping[str, Any], where: str, rules: Mapping[str, Rule], always: tuple[Rule, ...]) -> Truth:
    told: Mapping[str, Any] = one["truth"]
    level, answer, why = told.get("level"), told.get("answer"), told.get("why", "")
    if not isinstance(level, int) or not 0 <= level <= HIGHEST or not isinstance(answer, bool):
        raise SimulatorError(f"{where}: a truth has level (0 to 3) and answer (true or false)")
    if (why in WHYS) == answer:
        raise SimulatorError(f"{where}: why is for posts without an answer, one of {', '.join(WHYS)}")
    must = _named(rules, told.get("must", []), where)
    never = (*always, *_named(rules, told.get("never", []), where))
    for rule in (*must, *never):
        if answer and one["language"] not in rule.words:
            raise SimulatorError(f"{where}: the rule {rule.name} has no words in {one['language']}")
    return Truth(level, answer, why, must, never)


def _check(made: Plan) -> None:
    named = {one.id: one for one in made.arrivals if one.id}
    for one in made.arrivals:
        where = f"scenario {made.name}, post after {one.after} by {one.by}"
        for link in filter(None, (one.re, one.boost)):
            if link not in named or named[link].after >= one.after:
                raise SimulatorError(f"{where}: {link!r} is the id of no earlier post of the drill")
        if one.truth is None and not one.boost and not (one.re and named[one.re].by == one.by):
            raise SimulatorError(f"{where}: truth is missing")
        if one.truth is not None and one.truth.answer and one.truth.level not in made.targets:
            raise SimulatorError(f"{where}: there is no target for level {one.truth.level}")
        if one.after > made.length:
            raise SimulatorError(f"{where}: the drill is over by then")
