"""A channel that can be asked again: it says of each post what a test has written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field
from sqlalchemy import Select, select

from listener import brands, collect, sources
from listener.channels.base import Gone, Post
from listener.db import Database
from listener.ground import Ground
from listener.models import Mention, Source
from listener.recheck.run import Outcome, run
from tests.listener.rooms import NOON, Parrot, ParrotOptions, page, post

HOUR = timedelta(hours=1)


class EchoOptions(ParrotOptions):
    reads_per_day: int | None = Field(None, json_schema_extra={"of": "source"})


class Echo(Parrot):
    """`now` says what became of a post: a Post, Gone, None for nothing to say, an error, or a function to call."""

    kind: ClassVar[str] = "echo"
    options_type = EchoOptions
    refreshes: ClassVar[int] = 5
    now: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[list[str]]] = []
    broken: ClassVar[Exception | None] = None

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        self.asked.append([each.id for each in posts])
        for each in posts:
            said = self.now.get(each.id, each)
            if isinstance(said, Exception):
                raise said
            if callable(said):
                said = said(each)
            if isinstance(said, list):
                yield from said
            elif said is not None:
                yield said

    def check(self) -> str:
        if self.broken is not None:
            raise self.broken
        return "as acme_help"


def reads(**options: Any) -> dict[str, str]:
    return {name: str(value) for name, value in options.items()}


def hear(
    db: Database, kit: Ground, *posts: Post, name: str = "heard", at: datetime = NOON, **options: Any
) -> int:
    """Add the brand Acme with one source, and let it hear the posts."""
    brands.add(db, "Acme", query="acme")
    return further(db, kit, *posts, name=name, at=at, **options)


def further(db: Database, kit: Ground, *posts: Post, name: str, at: datetime = NOON, **options: Any) -> int:
    """Add one more source of the brand on an account of its own, and let it hear the posts."""
    settings = {"base_url": f"https://{name}.example.test"} | reads(**options)
    source_id = sources.add(db, kit, "echo", name=name, brand="Acme", settings=settings)
    Echo.script[:] = [page(*posts)]
    outcome = collect.poll(db, kit, source_id, force=True, at=at)
    assert outcome.error is None
    return source_id


def some(count: int, at: datetime = NOON) -> list[Post]:
    return [post(f"p{number}", f"acme is down {number}", at) for number in range(count)]


def pressing(*names: str) -> Select[int]:
    return select(Mention.id).where(Mention.external_id.in_(names))


def look(
    db: Database, kit: Ground, source_id: int, *names: str, at: datetime = NOON + HOUR + HOUR
) -> Outcome:
    return run(db, kit, source_id, pressing=pressing(*names), at=at)


def stored(db: Database) -> dict[str, Mention]:
    with db.read() as session:
        return {row.external_id: row for row in session.scalars(select(Mention))}


def source(db: Database, source_id: int) -> Source:
    with db.read() as session:
        return session.get_one(Source, source_id)


def saying(**more: Any) -> Callable[[Post], Post]:
    """Return what changes a post as asked."""
    return lambda before: replace(before, **more)
