"""A look at a post that has not changed changes nothing: what a list says of a post, a look at the post says too.

If it did not, every re-check would be an edit, a new score and perhaps an alert that opens again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts import rechecks
from listener import brands, collect, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from listener.models import Mention, Source
from listener.settings import ListenerSettings
from listener.simulator import Simulator
from listener.vault import Vault
from tests.listener.channels import test_facebook as facebook
from tests.listener.channels import test_instagram as instagram
from tests.listener.channels.discourse_room import KEY, Forum, said
from tests.listener.channels.graph_room import Graph
from tests.listener.channels.meta_room import TOKEN
from tests.listener.channels.review_platforms import PLATFORMS, REPLIES
from tests.listener.channels.social_room import bluesky, reddit, x
from tests.listener.rooms import ground, no_tokens
from tests.listener.web_room import Site, site

__all__ = ["no_tokens", "site"]
PLANNING = {"recheck_at", "checked_at"}


@pytest.fixture
def kit() -> Ground:
    return ground()


def rows(db: Database) -> dict[str, dict[str, Any]]:
    with db.read() as session:
        found = session.scalars(select(Mention))
        names = [column.key for column in Mention.__table__.columns if column.key not in PLANNING]
        return {row.external_id: {name: getattr(row, name) for name in names} for row in found}


def unchanged(db: Database, kit: Ground) -> int:
    """Look at every post once, and return how many there were; all must be as before."""
    with db.work() as session:
        session.execute(update(Mention).values(stage="triaged"))
        session.execute(update(Mention).where(Mention.recheck_at.is_not(None)).values(recheck_at=now()))
    before = rows(db)
    while True:
        with db.work() as session:
            session.execute(update(Source).values(recheck_after=None))
        claimed = rechecks.due(db)
        if not claimed:
            break
        for source_id in claimed:
            outcome = rechecks.run(db, kit, source_id)
            assert (outcome.error, outcome.skipped) == (None, None)
            assert (outcome.kept.updated, outcome.kept.gone, outcome.kept.grown) == (0, 0, 0)
    after = rows(db)
    for name, row in before.items():
        assert after[name] == row, name
    return len(before)


def hear(db: Database, kit: Ground, kind: str, settings: dict[str, str], query: str = "acme") -> None:
    brands.add(db, "Acme", query=query)
    source_id = sources.add(
        db, kit, kind, name="here", brand="Acme", settings=settings, since=now() - timedelta(days=6)
    )
    outcome = collect.poll(db, kit, source_id, force=True)
    assert outcome.error is None


@pytest.mark.parametrize("make", [x, reddit, bluesky], ids=lambda make: str(make.__name__))
def test_social(sqlite_db: Database, kit: Ground, site: Site, make: Callable[[Site], Any]) -> None:
    platform = make(site)
    for words in ("acme is down", "@acme help", "acme https://example.test/x 👩‍👩‍👧 #acme"):
        platform.publish(words)
    hear(sqlite_db, kit, platform.kind, {"base_url": site.url} | platform.settings)
    assert unchanged(sqlite_db, kit) == 3


@pytest.mark.parametrize("name", REPLIES)
def test_reviews_and_comments(sqlite_db: Database, kit: Ground, site: Site, name: str) -> None:
    platform = PLATFORMS[name](site)
    platform.publish("acme is slow")
    platform.publish("acme is slow, too", answer="Sorry!", answered_at=now())
    hear(sqlite_db, kit, platform.kind, platform.settings())
    assert unchanged(sqlite_db, kit) == 2


@pytest.mark.parametrize("read", ["all", "search"])
def test_a_forum(sqlite_db: Database, kit: Ground, site: Site, read: str) -> None:
    forum = site.answer = Forum()
    forum.add(said(5), said(6, "acme again", reply_to_post_number=2))
    settings = {"base_url": site.url, "api_key": KEY, "api_username": "acme", "read": read}
    hear(sqlite_db, kit, "discourse", settings)
    assert unchanged(sqlite_db, kit) == 2


def test_a_page_of_facebook(sqlite_db: Database, kit: Ground, site: Site) -> None:
    graph = site.answer = Graph()
    comment = facebook.comment(1)
    graph.edges = {
        f"/{facebook.PAGE}/feed": [facebook.post(count=1)],
        f"/{facebook.PAGE}/tagged": [],
        f"/{facebook.PAGE}_1/comments": [comment],
    }
    graph.objects["/1_1"] = comment
    hear(sqlite_db, kit, "facebook", {"base_url": site.url, "page_id": facebook.PAGE, "access_token": TOKEN})
    assert unchanged(sqlite_db, kit) == 1


def test_an_account_of_instagram(sqlite_db: Database, kit: Ground, site: Site) -> None:
    graph = site.answer = Graph(time_field="timestamp")
    comment = instagram.comment(1)
    graph.edges = {
        f"/{instagram.ACCOUNT}/media": [instagram.media(count=1)],
        f"/{instagram.ACCOUNT}/tags": [],
        "/m1/comments": [comment],
    }
    graph.objects = {f"/{instagram.ACCOUNT}": {"id": instagram.ACCOUNT, "username": "Acme"}, "/c1": comment}
    settings = {"base_url": site.url, "account_id": instagram.ACCOUNT, "access_token": TOKEN}
    hear(sqlite_db, kit, "instagram", settings)
    assert unchanged(sqlite_db, kit) == 1


@pytest.mark.parametrize("kind", ["mastodon", "hackernews"])
def test_the_simulated_week(sqlite_db: Database, tmp_path: Path, kind: str) -> None:
    simulator = Simulator(live=False)
    simulator.start()
    try:
        http = Http(allow=[simulator.base_url.removeprefix("http://")])
        kit = Ground(http=http, vault=Vault.open(tmp_path / "secret.key"), settings=ListenerSettings())
        settings = {
            "mastodon": {"base_url": simulator.base_url, "access_token": simulator.token},
            "hackernews": {"base_url": f"{simulator.base_url}/hn"},
        }[kind]
        hear(sqlite_db, kit, kind, settings, query=simulator.world.brand_query)
        assert unchanged(sqlite_db, kit) >= 5
    finally:
        simulator.stop()
