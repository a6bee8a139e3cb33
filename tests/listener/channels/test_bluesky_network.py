"""Bluesky against its own servers on loopback: the whole channel, from the log-in to the deletion."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Absent, Attempt, Gone, Post, Sent
from listener.channels.bluesky import Bluesky
from listener.db import Database, now
from listener.errors import HttpError
from listener.ground import Ground
from listener.models import Mention, OwnPost
from tests.listener.channels.bluesky_network import Person, network
from tests.listener.channels.bluesky_room import mention
from tests.listener.rooms import ground

__all__ = ["network"]
pytestmark = [pytest.mark.service, pytest.mark.slow]
TEXT = "Sorry, @ada.test! We are on it: https://acme.example.test/status #acmedown 👩‍👩‍👧"


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for the app view, which runs behind the account server."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "the app view did not show it in time"
        time.sleep(0.5)


def stored(db: Database) -> dict[str, Mention]:
    with db.read() as session:
        return {row.external_id: row for row in session.scalars(select(Mention))}


def hear(db: Database, kit: Ground, source_id: int) -> collect.Outcome:
    outcome = collect.poll(db, kit, source_id, force=True)
    assert outcome.error is None, outcome.error
    return outcome


def test_from_log_in_to_deletion(sqlite_db: Database, kit: Ground, network: str) -> None:
    acme, ada = Person.join(network, "acmehelp"), Person.join(network, "ada")
    password = acme.call("com.atproto.server.createAppPassword", name="all ears")["password"]
    brands.add(sqlite_db, "Acme", query="acme")
    settings = {"base_url": network, "handle": acme.handle, "app_password": password}
    source_id = sources.add(sqlite_db, kit, "bluesky", name="bluesky", brand="Acme", settings=settings)
    assert sources.test(sqlite_db, kit, "bluesky") == "Bluesky as @acmehelp.test"

    # heard: by search, by a mention, and as an answer to us
    about = [ada.post(f"the acme router is dead, day {number}") for number in range(3)]
    words = "שלום @acmehelp.test are you there?"
    called = ada.post(words, facets=mention(words, "@acmehelp.test", acme.did))
    ours = acme.post("we are open all day")
    answer = ada.post("no you are not", reply={"root": ours, "parent": ours})
    shut = ada.post("do not answer me, acme")
    ada.close(shut["uri"])
    wanted = {item["uri"] for item in (*about, called, answer, shut)}
    until(lambda: hear(sqlite_db, kit, source_id).error is None and wanted <= set(stored(sqlite_db)))
    rows = stored(sqlite_db)
    assert set(rows) == wanted
    assert (rows[called["uri"]].text, rows[called["uri"]].addressed_to_us) == (words, True)
    assert (rows[answer["uri"]].parent_id, rows[answer["uri"]].thread_id) == (ours["uri"], ours["uri"])
    assert rows[about[0]["uri"]].reply_mode == "api"
    assert rows[shut["uri"]].reply_mode == "link"
    assert "limited" in (rows[shut["uri"]].reply_reason or "")
    assert hear(sqlite_db, kit, source_id).new == 0

    # answered once, with the right references, and found again
    channel = sources.channel_of(sqlite_db, kit, source_id)
    assert isinstance(channel, Bluesky)
    (to,) = channel.refresh([Post(called["uri"], "", now())])
    assert isinstance(to, Post)
    since = now() - timedelta(minutes=1)
    assert isinstance(channel.find(Attempt(to, TEXT, "k1", since)), Absent)
    sent = channel.reply(to, TEXT, key="k1")
    found = channel.find(Attempt(to, TEXT, "k1", since))
    assert isinstance(found, Sent)
    assert found.id == sent.id
    with pytest.raises(HttpError):
        channel.reply(to, TEXT, key="k1")
    (record,) = [item for item in acme.records() if item["value"].get("reply")]
    assert record["uri"] == sent.id
    assert record["value"]["reply"]["parent"] == called
    assert len(record["value"]["facets"]) == 3

    # a conversation: our answer is known, theirs comes back in the same thread
    until(lambda: isinstance(next(channel.refresh([Post(sent.id, "", now())])), Post))  # as people see it
    back = ada.post("thank you", reply={"root": called, "parent": {"uri": sent.id, "cid": record["cid"]}})
    until(lambda: hear(sqlite_db, kit, source_id).error is None and back["uri"] in stored(sqlite_db))
    assert stored(sqlite_db)[back["uri"]].thread_id == called["uri"]
    with sqlite_db.read() as session:
        assert sent.id in session.scalars(select(OwnPost.external_id)).all()

    # deleted there, gone here
    ada.delete(about[0]["uri"])
    asked = [Post(about[0]["uri"], "", now()), Post(about[1]["uri"], "", now())]
    until(lambda: any(isinstance(item, Gone) for item in channel.refresh(asked)))
    left = {item.id: type(item) for item in channel.refresh(asked)}
    assert left == {about[0]["uri"]: Gone, about[1]["uri"]: Post}


def test_a_burst_is_caught_up_by_the_servers_own_cursors(sqlite_db: Database, network: str) -> None:
    kit = ground(max_pages=6)  # two pages of 100 for each of three listings
    zenith, bob = Person.join(network, "zenithhelp"), Person.join(network, "bob")
    password = zenith.call("com.atproto.server.createAppPassword", name="all ears")["password"]
    brands.add(sqlite_db, "Zenith", query="zenith")
    settings = {"base_url": network, "handle": zenith.handle, "app_password": password}
    source_id = sources.add(sqlite_db, kit, "bluesky", name="bluesky", brand="Zenith", settings=settings)
    texts = [f"zenith is slow, report {number}" for number in range(530)]
    bob.post_many(texts)

    channel = sources.channel_of(sqlite_db, kit, source_id)
    assert isinstance(channel, Bluesky)
    asked = {"q": texts[-1]}
    until(lambda: bool(channel.session.read("search", "app.bsky.feed.searchPosts", asked)["posts"]))
    outcomes = [hear(sqlite_db, kit, source_id)]
    while outcomes[-1].truncated and len(outcomes) < 10:
        outcomes.append(hear(sqlite_db, kit, source_id))
    assert [outcome.truncated for outcome in outcomes] == [True, True, False]
    assert [outcome.backfilled for outcome in outcomes] == [False, True, True]
    assert sorted(row.text for row in stored(sqlite_db).values()) == sorted(texts)
    assert sum(outcome.new for outcome in outcomes) == len(texts)
