"""A short crisis from end to end: posts arrive on simulated platforms, real sources hear them, answers go out through
the outbox, and the scorecard says what the team did. The simulator's clock moves only when the test moves it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from alerts import people, reply
from alerts.models import Reply
from listener import brands, collect, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention
from listener.simulator import Simulator
from listener.simulator.drill import Drill, Scorecard
from tests.listener.rooms import ground

SPEED = 10  # two and a half hours in fifteen minutes, which lie in the past
KINDS = ("feed", "hackernews", "mastodon", "x")
ALL = (*KINDS, "appstore", "bluesky", "email", "googleplay", "reddit")
ANSWERS = {
    "showed me another family": "We are sorry. Please write to us by e-mail, so that we can look into it in private.",
    "fell asleep on your Velquist": "Please unplug the blanket and do not use it. We are very sorry to read this.",
    "Nach dem Update von Velquist": "Wir prüfen das sofort. Bitte schreiben Sie uns privat per E-Mail.",
    "une fuite de données": "Nous vérifions cela tout de suite. Écrivez-nous en message privé, s'il vous plaît.",
    "reach through two brick": "It does in most houses; thicker walls can shorten the reach a little.",
    "a stranger just spoke": "This must be frightening. We are looking into it now; please write to us in private.",
    "set my daughter": "We are very sorry. Please unplug the blanket, and write to us in a private message.",
}


class Hand:
    """A clock that somebody turns by hand."""

    def __init__(self) -> None:
        self.at = now() - timedelta(minutes=20)

    def __call__(self) -> datetime:
        return self.at


class Team:
    """Hears, and answers as it is told."""

    def __init__(self, db: Database, simulator: Simulator, clock: Hand) -> None:
        self.db, self.simulator, self.clock = db, simulator, clock
        self.ground: Ground = ground()
        world = simulator.world
        brands.add(db, world.brand_name, query=world.brand_query)
        self.sources = [
            sources.add(
                db, self.ground, kind, name=kind, brand=world.brand_name, settings=simulator.access.of(kind)
            )
            for kind in self.drill.platforms
        ]
        self.person = people.add_person(db, "dana@example.test", "lead", "a long pass phrase")

    @property
    def drill(self) -> Drill:
        assert self.simulator.drill is not None
        return self.simulator.drill

    def hear(self, minute: int) -> None:
        """Let the drill run on to its minute and poll every source."""
        self.clock.at = self.drill.began + timedelta(minutes=minute) / SPEED
        self.simulator.tick()
        for source_id in self.sources:
            outcome = collect.poll(self.db, self.ground, source_id, force=True)
            assert outcome.error is None, outcome.error

    def answer(self, words: str, text: str, *, again: bool = False) -> None:
        """Answer the post with these words, through the outbox."""
        with self.db.read() as session:
            mention = session.scalars(select(Mention).where(Mention.text.contains(words))).one()
        made = reply.approve(
            self.db, self.ground, mention_id=mention.id, text=text, person_id=self.person, undo_seconds=0,
            again=again,
        )  # fmt: skip
        assert reply.send(self.db, self.ground) == [made]
        with self.db.read() as session:
            assert session.get_one(Reply, made).state == "sent"

    def heard_by_kind(self) -> Counter[str]:
        with self.db.read() as session:
            return Counter(
                session.scalars(select(Mention.channel).where(Mention.posted_at >= self.drill.began))
            )


@pytest.fixture
def team(sqlite_db: Database) -> Iterator[Team]:
    clock = Hand()
    with Simulator("crisis", speed=SPEED, live=False, clock=clock, platforms=KINDS) as simulator:
        yield Team(sqlite_db, simulator, clock)


def test_the_team_answers_and_is_judged(team: Team) -> None:
    team.hear(1)
    team.hear(4)
    team.answer("come off before washing", "Good morning! Yes, take the controller off before you wash it.")
    team.hear(22)
    team.hear(27)
    team.answer(
        "controller of our Ember", "That sounds frightening. Please unplug the blanket and do not use it."
    )
    team.hear(29)
    team.answer(
        "gets too hot to hold", "Please stop using the blanket and unplug it. We are looking into it."
    )
    team.answer("gets too hot to hold", "One more thing: keep it unplugged until we write.", again=True)
    team.hear(40)
    # a mattress has been burning for nine minutes, and four criticals in other languages
    team.answer(
        "Wie lange ist die Garantie",
        "Two years, with the receipt. Please write to us if you need a copy of it.",
    )
    team.hear(50)
    team.answer(
        "a pris feu pendant",
        "Débranchez la couverture tout de suite. Nous vous rembourserons tout.",
    )
    team.answer("darwin says hi", "We are sorry that you feel this way.")
    team.answer("Baby sleeps in that room", "We are looking into this right now.")
    for minute in range(60, 151, 15):
        team.hear(minute)
    card = team.drill.scorecard()
    _check_times(card)
    _check_faults(card)
    assert team.heard_by_kind().total() >= card.total.arrived - 2  # two posts name nobody


def test_what_is_said_anywhere_is_heard_and_can_be_answered_there(sqlite_db: Database) -> None:
    clock = Hand()
    with Simulator("crisis", speed=SPEED, live=False, clock=clock, platforms=ALL) as simulator:
        team = Team(sqlite_db, simulator, clock)
        for minute in (30, 60, 90, 110):
            team.hear(minute)
        card = team.drill.scorecard()
        arrived = {group.name: group.arrived for group in card.platforms}
        assert set(arrived) == set(ALL)
        heard = team.heard_by_kind()
        chatter = 1  # about nothing of ours
        assert heard["mastodon"] >= arrived.pop("mastodon") - chatter
        assert {kind: heard[kind] for kind in arrived} == arrived
        for words, text in ANSWERS.items():
            team.answer(words, text)
        card = team.drill.scorecard()
        answered = {group.name: (group.answered, group.wrong) for group in card.platforms}
        assert not card.wrong
        assert answered == dict.fromkeys(ALL, (1, 0)) | {"feed": (0, 0), "hackernews": (0, 0)}


def _check_times(card: Scorecard) -> None:
    assert card.over
    assert (card.total.needing, card.total.answered, card.total.missed) == (52, 6, 46)
    levels = {group.name: group for group in card.levels}
    assert levels["3"].answered == 3
    # heard at 22, 40 and 28 (arrived with the ticks at 22, 40 and 29), answered at 27, 50 and 50
    assert levels["3"].median_s == 10 * 60
    assert (levels["3"].p90_s, levels["3"].in_time) == (21 * 60, 2)
    assert (levels["2"].answered, levels["2"].median_s, levels["2"].in_time) == (1, 2 * 60, 1)
    assert levels["1"].answered == 2


def _check_faults(card: Scorecard) -> None:
    faults = {one["by"]: [reason["code"] for reason in one["reasons"]] for one in card.wrong}
    assert faults == {
        "maud_in_marl": ["twice"],
        "wollsocke_w": ["language"],
        "boulange_et_cie": ["forbidden"],
        "keyboard_kraken": ["needless"],
        "tin_whistle_tess": ["lacking"],
    }
    assert card.criticals_first is False
    assert {one["by"] for one in card.overtaken} == {"wollsocke_w", "keyboard_kraken"}
    platforms = {group.name: group for group in card.platforms}
    assert set(platforms) == set(KINDS)
    assert (platforms["x"].answered, platforms["x"].wrong) == (1, 2)
    assert platforms["mastodon"].answered == 5
