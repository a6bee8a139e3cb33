"""A channel whose stream says what a test puts into it, and a process that keeps streams."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from pydantic import Field
from sqlalchemy import select

from listener import brands, channels, sources
from listener.channels.base import Cursor, Listen, Page
from listener.collect import Counts
from listener.db import Database
from listener.ground import Ground
from listener.models import Mention, Source
from listener.streams.models import Span, Stream
from listener.streams.supervisor import Streams
from tests.listener.rooms import Parrot, ParrotOptions


class BrookOptions(ParrotOptions):
    stream: bool = Field(default=False, json_schema_extra={"of": "source"})


class Brook(Parrot):
    """Its stream yields what is put into `arrivals`: pages or functions that make one, errors to raise, functions to
    call, None = the end."""

    kind: ClassVar[str] = "brook"
    options_type = BrookOptions
    streams: ClassVar[bool] = True
    arrivals: ClassVar[queue.Queue[Any]]
    connected: ClassVar[list[tuple[Listen, Cursor | None]]]

    def stream(self, what: Listen, cursor: Cursor | None, stop: threading.Event) -> Iterator[Page]:
        self.connected.append((what, cursor))
        self.known["handle"] = "@acme_help"
        while not stop.is_set():
            try:
                step = self.arrivals.get(timeout=0.02)
            except queue.Empty:
                yield Page((), None)
                continue
            if step is None:
                return
            if isinstance(step, Exception):
                raise step
            if callable(step):
                step = step()
                if not isinstance(step, Page):
                    continue
            yield step


@pytest.fixture
def brook(monkeypatch: pytest.MonkeyPatch, parrot: type[Parrot]) -> type[Brook]:
    monkeypatch.setitem(channels.KINDS, "brook", "tests.listener.streams.room:Brook")
    monkeypatch.setattr(Brook, "arrivals", queue.Queue(), raising=False)
    monkeypatch.setattr(Brook, "connected", [], raising=False)
    return Brook


Make = Callable[..., Streams]


@pytest.fixture
def process(kit: Ground) -> Iterator[Make]:
    """Make processes that keep streams; what they heard is in `heard`. All are stopped at the end."""
    made: list[Streams] = []

    def make(db: Database, heard: list[Counts] | None = None) -> Streams:
        listening: list[Counts] = [] if heard is None else heard
        streams = Streams(db, kit, heard=listening.append, tick=0.05)
        streams.start()
        made.append(streams)
        return streams

    yield make
    for streams in made:
        streams.stop()


def furnish(db: Database, kit: Ground, *names: str, kind: str = "brook", **settings: str) -> list[int]:
    """Add the brand Acme and a streaming source per name; return their ids."""
    brands.add(db, "Acme", query="acme")
    given = {"stream": "true"} | settings
    return [sources.add(db, kit, kind, name=name, brand="Acme", settings=given) for name in names]


def row(db: Database, source_id: int) -> Stream:
    with db.read() as session:
        return session.get_one(Stream, source_id)


def is_up(db: Database, source_id: int) -> bool:
    with db.read() as session:
        found = session.get(Stream, source_id)
        return found is not None and found.state == "up"


def spans(db: Database) -> list[Span]:
    with db.read() as session:
        return list(session.scalars(select(Span).order_by(Span.id)))


def heard_ids(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Mention.external_id).order_by(Mention.external_id)))


def source(db: Database, source_id: int) -> Source:
    with db.read() as session:
        return session.get_one(Source, source_id)
