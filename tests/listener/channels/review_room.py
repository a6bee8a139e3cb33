"""Pretended review and comment platforms on loopback: what all of them share, and the faults of their lists.

A platform's own file says how it writes JSON; here are the reviews, the paging with its faults, and the source on it.
"""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Channel, Post
from listener.db import Database
from listener.ground import Ground
from listener.models import Mention
from tests.listener.web_room import Answer, Asked, Site

STRANGE = "👩‍👩‍👧‍👦 שלום \u200f\u202eabc\u202c zero\u200bwidth \U0001d4b3 e\u0301 " + "long " * 2000


def now() -> datetime:
    return datetime.now(UTC)


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def says(document: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(
        json.dumps(document),
        status,
        {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


@dataclass
class Said:
    """One review or comment."""

    id: str
    text: str
    at: datetime
    rating: int = 2
    author: str = "Ada"
    answer: str | None = None
    answered_at: datetime | None = None


class Platform(ABC):
    """A platform with its reviews; `mode` is a fault of its lists, `broken` an answer given instead of everything."""

    kind: ClassVar[str]
    step: timedelta = timedelta(minutes=10)
    page_size = 10

    def __init__(self, site: Site) -> None:
        self.site = site
        self.reviews: list[Said] = []
        self.posted: list[tuple[str, str]] = []
        self.tokens = 0
        self.mode = ""
        self.broken: Answer | None = None
        self.after_write: Answer | None = None
        site.answer = self._answer

    def _answer(self, asked: Asked) -> Answer:
        if self.broken is not None:
            return self.broken
        answer = self.answer(asked)
        if asked.method in {"POST", "PUT"} and self.after_write is not None and self.is_reply(asked):
            answer, self.after_write = self.after_write, None
        return answer

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """The options of a source here."""

    @abstractmethod
    def answer(self, asked: Asked) -> Answer:
        """Answer a request as the platform does."""

    @abstractmethod
    def is_reply(self, asked: Asked) -> bool:
        """Whether the request publishes something."""

    def publish(self, text: str = "acme is slow", *, minutes: float = 5, **more: Any) -> Said:
        said = Said(f"r{len(self.reviews) + 1}", text, now() - timedelta(minutes=minutes), **more)
        self.reviews.append(said)
        return said

    def many(self, count: int, *, minutes: float = 5, apart: float = 10) -> set[str]:
        return {
            self.publish(f"acme is slow {number}", minutes=minutes + number * apart).id
            for number in range(count)
        }

    def one(self, name: str) -> Said | None:
        return next((said for said in self.reviews if said.id == name), None)

    def listed(self) -> list[Said]:
        return sorted(self.reviews, key=lambda said: said.at, reverse=True)

    def page(self, number: int, size: int | None = None) -> tuple[Sequence[Said], int | None]:
        """The page of a number from 1, and the number of the next; with the fault of `mode`."""
        size = self.page_size if size is None else min(size, self.page_size)
        everything = self.listed()
        if self.mode == "loop" and number >= 3:
            return everything[size : 2 * size], 2
        if self.mode == "empty":
            if number == 2:
                return [], 3
            place = number - 1 if number > 2 else number
            return everything[(place - 1) * size : place * size], (
                number + 1 if place * size < len(everything) else None
            )
        move = size * 7 // 10 if self.mode == "duplicates" else size
        start = (number - 1) * move
        found = everything[start : start + size]
        if self.mode == "shuffled":
            random.Random(number).shuffle(found)
        return found, (number + 1 if start + size < len(everything) else None)


@dataclass
class Room:
    """A source of the brand Acme on a pretended platform."""

    db: Database
    kit: Ground
    platform: Platform
    source_id: int = 0
    outcomes: list[collect.Outcome] = field(default_factory=list)

    def open(self, query: str = "acme", **settings: str) -> Room:
        brands.add(self.db, "Acme", query=query)
        given = {**self.platform.settings(), **settings}
        self.source_id = sources.add(
            self.db, self.kit, self.platform.kind, name="heard", brand="Acme", settings=given
        )
        return self

    def poll(self) -> collect.Outcome:
        outcome = collect.poll(self.db, self.kit, self.source_id, force=True)
        self.outcomes.append(outcome)
        return outcome

    def hear(self) -> collect.Outcome:
        """Poll until all is read; the last outcome."""
        for _ in range(40):
            outcome = self.poll()
            assert outcome.error is None, outcome.error
            if not outcome.truncated:
                return outcome
        raise AssertionError("it never ends")

    def stored(self) -> dict[str, Mention]:
        with self.db.read() as session:
            return {row.external_id: row for row in session.scalars(select(Mention))}

    def channel(self) -> Channel[Any]:
        return sources.channel_of(self.db, self.kit, self.source_id)

    def post(self, name: str) -> Post:
        from listener.posts import post_of

        with self.db.read() as session:
            row = session.scalars(select(Mention).where(Mention.external_id == name)).one()
            return post_of(session, row.id)
