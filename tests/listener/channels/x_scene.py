"""What the tests of x share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Post
from listener.channels.x import X, XOptions
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention, Source
from tests.listener.channels.x_room import KEYS, TinyX

BEARER = {"bearer_token": "bearer-sesame"}


def listen_to(db: Database, kit: Ground, tiny: TinyX, query: str = "acme", **settings: str) -> int:
    brands.add(db, "Acme", query=query)
    given = {"base_url": tiny.site.url} | KEYS | settings
    return sources.add(db, kit, "x", name="x", brand="Acme", settings=given)


def hear(db: Database, kit: Ground, source_id: int) -> collect.Outcome:
    outcome = collect.poll(db, kit, source_id, force=True)
    assert outcome.error is None, outcome.error
    return outcome


def stored(db: Database) -> dict[str, Mention]:
    with db.read() as session:
        return {row.external_id: row for row in session.scalars(select(Mention))}


def source(db: Database, source_id: int) -> Source:
    with db.read() as session:
        return session.get_one(Source, source_id)


def opened(tiny: TinyX, kit: Ground, **options: str) -> X:
    channel = X(XOptions.model_validate({"base_url": tiny.site.url} | (options or KEYS)), kit.http)
    channel.learn()
    return channel


def heard(name: str, **extra: Any) -> Post:
    return Post(
        name, "@acme help", now(), url="https://x.com/ada/status/1", extra={"mentions_us": True} | extra
    )
