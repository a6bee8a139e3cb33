"""What the tests of bluesky share."""

from __future__ import annotations

from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Post
from listener.channels.bluesky import Bluesky, BlueskyOptions
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention, Source
from tests.listener.channels.bluesky_room import PASSWORD, TinyBluesky

LOGIN = {"handle": "acme.example.test", "app_password": PASSWORD}


def listen_to(db: Database, kit: Ground, tiny: TinyBluesky, query: str = "acme", **settings: str) -> int:
    brands.add(db, "Acme", query=query)
    given = {"base_url": tiny.site.url} | LOGIN | settings
    return sources.add(db, kit, "bluesky", name="bluesky", brand="Acme", settings=given)


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


def opened(tiny: TinyBluesky, kit: Ground, **options: str) -> Bluesky:
    channel = Bluesky(BlueskyOptions.model_validate({"base_url": tiny.site.url} | LOGIN | options), kit.http)
    channel.learn()
    return channel


def heard(channel: Bluesky, uri: str) -> Post:
    (post,) = channel.refresh([Post(uri, "", now())])
    assert isinstance(post, Post)
    return post
