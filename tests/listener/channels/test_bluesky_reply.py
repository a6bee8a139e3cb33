"""Answering on Bluesky: one record per reply, with its references and its length in bytes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from sqlalchemy import select

from listener import sources
from listener.channels.base import Absent, Attempt, Gone, Post, ReplyMode, Sent, Unsure
from listener.channels.bluesky import Bluesky, BlueskyOptions
from listener.channels.bluesky.replying import record_key
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.http import Http
from listener.models import Account
from tests.listener.channels.bluesky_room import US, TinyBluesky, said
from tests.listener.channels.bluesky_scene import LOGIN, hear, heard, listen_to, opened, stored
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Site


@pytest.fixture
def tiny(site: Site) -> TinyBluesky:
    return TinyBluesky(site)


def test_a_reply_names_root_and_parent_and_marks_links_in_bytes(kit: Ground, tiny: TinyBluesky) -> None:
    root = tiny.publish("acme is down", minutes=9)
    post = tiny.publish("acme is still down", minutes=5, reply=tiny.answering(root))
    channel = opened(tiny, kit)
    text = "שלום 👩‍👩‍👧 @ada.example.test @nobody.example.test: https://acme.example.test/a_b. #AcmeDown"
    sent = channel.reply(heard(channel, post), text, key="k1")
    (made,) = tiny.replies()
    assert made["uri"] == sent.id
    record = made["record"]
    assert (record["text"], record["reply"]["root"]["uri"], record["reply"]["parent"]["uri"]) == (
        text,
        root,
        post,
    )
    assert record["reply"]["root"]["cid"] == "cid-0"
    raw = text.encode()
    shown = [raw[item["index"]["byteStart"] : item["index"]["byteEnd"]].decode() for item in record["facets"]]
    assert shown == ["@ada.example.test", "https://acme.example.test/a_b", "#AcmeDown"]
    assert record["facets"][0]["features"][0]["did"] == "did:plc:ada"
    assert sent.url == f"https://bsky.app/profile/acme.example.test/post/{sent.id.rpartition('/')[2]}"


@pytest.mark.parametrize("lost", ["503", "stall", "cut"])
def test_an_accepted_reply_without_a_clear_answer_is_one_record_and_found(
    tiny: TinyBluesky, lost: str
) -> None:
    from alerts.replying.send import not_posted

    kit = ground()
    object.__setattr__(kit, "http", Http(allow=["127.0.0.1:*"], timeout=(3.0, 3.0)))
    post = tiny.publish("acme is down")
    channel = opened(tiny, kit)
    to, since = heard(channel, post), now()

    def accept_then_fail(asked: Any) -> Any:
        if not asked.path.endswith("createRecord"):
            return None
        tiny.create(json.loads(asked.body))
        if lost == "stall":
            time.sleep(5)
        return said({}, 503) if lost == "503" else Answer('{"uri": "at')

    tiny.fault = accept_then_fail
    with pytest.raises(HttpError) as raised:
        channel.reply(to, "We are on it.", key="k2")
    assert not not_posted(raised.value)
    tiny.fault = None
    found = channel.find(Attempt(to, "We are on it.", "k2", since))
    assert isinstance(found, Sent)
    assert [found.id] == [made["uri"] for made in tiny.replies()]
    with pytest.raises(HttpError):
        channel.reply(to, "We are on it.", key="k2")  # the same key can only be the same record
    assert len(tiny.replies()) == 1


def test_find_looks_at_words_where_a_server_chose_its_own_key(kit: Ground, tiny: TinyBluesky) -> None:
    post = tiny.publish("acme is down")
    channel = opened(tiny, kit)
    attempt = Attempt(heard(channel, post), "We are on it.", "k3", now())
    tiny.publish("thanks", by="acme", reply=tiny.answering(post))
    assert isinstance(channel.find(attempt), Absent)
    made = tiny.publish("We are on it.", by="acme", reply=tiny.answering(post))
    found = channel.find(attempt)
    assert isinstance(found, Sent)
    assert found.id == made
    tiny.fault = lambda asked: said({}, 500)
    assert isinstance(channel.find(attempt), Unsure)


def test_record_keys_are_tids_of_the_reply_alone() -> None:
    post = Post("at://x", "", now())
    keys = {record_key(f"key {number}", post) for number in range(200)}
    assert len(keys) == 200
    assert all(len(key) == 13 and key[0] in "234567abcdefghij" for key in keys)
    assert record_key("key 1", post) == record_key("key 1", post)


def test_where_an_answer_would_not_be_shown_is_known_before_writing(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    limited = tiny.publish("acme is down", viewer={"replyDisabled": True})
    blocked = tiny.publish("acme is bad")
    tiny.view(blocked)["author"]["viewer"] = {"blockedBy": True}
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    rows = stored(sqlite_db)
    assert (rows[limited].reply_mode, "limited" in (rows[limited].reply_reason or "")) == ("link", True)
    assert (rows[blocked].reply_mode, "blocked" in (rows[blocked].reply_reason or "")) == ("link", True)


def test_a_reply_to_an_imported_post_asks_for_its_references(kit: Ground, tiny: TinyBluesky) -> None:
    post = tiny.publish("acme is down")
    channel = opened(tiny, kit)
    channel.reply(Post(post, "acme is down", now()), "We are on it.", key="k")
    assert tiny.replies()[0]["record"]["reply"]["parent"] == {"uri": post, "cid": "cid-0"}
    with pytest.raises(HttpError, match="gone") as raised:
        channel.reply(Post("at://did:plc:ada/app.bsky.feed.post/none", "", now()), "We are on it.", key="k")
    assert (raised.value.permanent, raised.value.delivered) == (True, False)


@pytest.mark.parametrize("text", ["x" * 301, "👩‍👩‍👧" * 170])
def test_a_reply_that_is_too_long_is_stopped_before_the_call(
    kit: Ground, tiny: TinyBluesky, text: str
) -> None:
    channel = opened(tiny, kit)
    with pytest.raises(ChannelError, match="too long"):
        channel.reply(Post("at://x", "", now(), extra={"cid": "c"}), text, key="k")
    assert not tiny.calls("createRecord")


def test_nobody_listening_is_an_error_with_nothing_posted(kit: Ground) -> None:
    options = BlueskyOptions.model_validate({"base_url": "http://127.0.0.1:9"} | LOGIN)
    with pytest.raises(HttpError) as raised:
        Bluesky(options, kit.http).reply(Post("at://x", "", now(), extra={"cid": "c"}), "hi", key="k")
    assert not raised.value.delivered


def test_refresh_tells_deleted_posts_and_never_takes_nonsense_for_deletion(
    kit: Ground, tiny: TinyBluesky
) -> None:
    stays, goes = tiny.publish("acme one"), tiny.publish("acme two")
    channel = opened(tiny, kit)
    tiny.views.remove(tiny.view(goes))
    found = {item.id: item for item in channel.refresh([Post(stays, "", now()), Post(goes, "", now())])}
    assert isinstance(found[goes], Gone)
    assert isinstance(found[stays], Post)
    tiny.fault = lambda asked: said({})
    with pytest.raises(HttpError, match="cannot be read"):
        list(channel.refresh([Post(stays, "", now())]))


def test_test_says_as_whom(sqlite_db: Database, kit: Ground, tiny: TinyBluesky) -> None:
    listen_to(sqlite_db, kit, tiny, handle="@Acme.example.test")
    assert sources.test(sqlite_db, kit, "bluesky") == "Bluesky as @acme.example.test"
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert account.limits["ours"] == [US, "acme.example.test"]
    channel = opened(tiny, kit)
    assert channel.may_reply(Post("at://x", "", now())).mode is ReplyMode.API
