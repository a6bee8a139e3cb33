"""The real channels on the simulator: a source per kind, heard by `collect` and answered through the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts import people, reply
from alerts.models import Reply
from listener import brands, collect, sources
from listener.collect.schedule import Outcome
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention
from listener.simulator import Simulator
from listener.simulator.model import Account, Post
from listener.simulator.settings import kind_of
from tests.listener.rooms import ground


@dataclass
class SimRoom:
    """One source of kind (or variant) `way` on a quiet simulator."""

    db: Database
    kit: Ground
    sim: Simulator
    way: str
    source_id: int = 0
    person: int = 0

    def open(self, **settings: str) -> SimRoom:
        brands.add(self.db, "Tolvane", query=self.sim.world.brand_query)
        options = self.sim.access.of(self.way) | settings
        self.source_id = sources.add(
            self.db, self.kit, kind_of(self.way), name="here", brand="Tolvane", settings=options
        )
        self.person = people.add_person(self.db, "mia@example.test", "agent", "a long pass phrase")
        return self

    @property
    def brand(self) -> Account:
        assert self.sim.world.brand is not None
        return self.sim.world.brand

    def say(self, text: str, *, by: str = "ada", minutes: float = 5, **more: object) -> Post:
        who = self.sim.world.add_account(by, by.title())
        at = self.sim.world.clock() - timedelta(minutes=minutes)
        return self.sim.world.publish(who, text, at=at, platform=kind_of(self.way), **more)  # type: ignore[arg-type]

    def hear(self) -> Outcome:
        outcome = collect.poll(self.db, self.kit, self.source_id, force=True)
        assert outcome.error is None, outcome.error
        return outcome

    def stored(self) -> list[Mention]:
        with self.db.read() as session:
            return list(session.scalars(select(Mention).order_by(Mention.posted_at, Mention.id)))

    def only(self) -> Mention:
        (found,) = self.stored()
        return found

    def only_one(self, words: str) -> Mention:
        (found,) = [mention for mention in self.stored() if words in mention.text]
        return found

    def answer(self, mention: Mention, text: str = "Sorry, we are on it.") -> int:
        return reply.approve(
            self.db, self.kit, mention_id=mention.id, text=text, person_id=self.person, undo_seconds=0
        )

    def send(self) -> None:
        reply.send(self.db, self.kit)

    def resolve(self, minutes: float = 5) -> None:
        """Look, after the platform's read lag, for what became of unclear calls; send again what is due."""
        at = now() + timedelta(minutes=minutes)
        reply.resolve(self.db, self.kit, at=at)
        reply.send(self.db, self.kit, at=at)

    def replied(self) -> Reply:
        with self.db.read() as session:
            return session.scalars(select(Reply).order_by(Reply.id.desc())).first()  # type: ignore[return-value]

    def public(self) -> list[Post]:
        return [post for post in self.sim.world.replies_by_brand() if post.platform == kind_of(self.way)]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("quiet", live=False, mail=(0, 0)) as made:
        yield made


@pytest.fixture
def enter(sqlite_db: Database, sim: Simulator) -> Callable[..., SimRoom]:
    def made(way: str, **settings: str) -> SimRoom:
        return SimRoom(sqlite_db, ground(), sim, way).open(**settings)

    return made
