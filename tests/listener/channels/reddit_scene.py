"""What the tests of reddit share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Post
from listener.channels.reddit import Reddit, RedditOptions
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention, Source
from tests.listener.channels.reddit_room import LOGIN, TinyReddit


def listen_to(db: Database, kit: Ground, tiny: TinyReddit, query: str = "acme", **settings: str) -> int:
    brands.add(db, "Acme", query=query)
    given = {"base_url": tiny.site.url, "subreddits": "gadgets"} | LOGIN | settings
    given = {name: value for name, value in given.items() if value}
    return sources.add(db, kit, "reddit", name="reddit", brand="Acme", settings=given)


def keyless(db: Database, kit: Ground, tiny: TinyReddit) -> int:
    return listen_to(db, kit, tiny, **dict.fromkeys(LOGIN, ""))


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


def opened(tiny: TinyReddit, kit: Ground, **options: str) -> Reddit:
    channel = Reddit(RedditOptions.model_validate({"base_url": tiny.site.url} | (options or LOGIN)), kit.http)
    channel.learn()
    return channel


def heard(name: str, **extra: Any) -> Post:
    return Post(name, "acme is down", now(), url="https://www.reddit.com/x", thread_id="t3_top", extra=extra)
