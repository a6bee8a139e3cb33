"""Answering on X: once, only where X allows it, and what becomes of posts afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, sources
from listener.channels.base import Absent, Attempt, Gone, Post, ReplyMode, Sent, Unsure
from listener.channels.x import X, XOptions
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Account
from listener.sources import SourceError
from tests.listener.channels.x_room import KEYS, US, TinyX, said
from tests.listener.channels.x_scene import BEARER, heard, listen_to, opened
from tests.listener.web_room import Site


@pytest.fixture
def tiny(site: Site) -> TinyX:
    return TinyX(site)


def test_a_reply_stands_under_the_post_and_is_posted_once(kit: Ground, tiny: TinyX) -> None:
    post = tiny.publish("@acme help")
    channel = opened(tiny, kit)
    sent = channel.reply(heard(post), "We are on it.", key="k1")
    (made,) = tiny.replies()
    assert (made["id"], made["referenced_tweets"][0]["id"]) == (sent.id, post)
    assert sent.url == f"https://x.com/acme/status/{sent.id}"
    (asked,) = [asked for asked in tiny.site.asked if asked.method == "POST"]
    assert asked.headers["authorization"].startswith("OAuth ")
    assert json.loads(asked.body) == {"text": "We are on it.", "reply": {"in_reply_to_tweet_id": post}}


def test_an_accepted_reply_without_a_clear_answer_is_found_and_not_repeated(kit: Ground, tiny: TinyX) -> None:
    post = tiny.publish("@acme help")
    channel = opened(tiny, kit)
    text = "We are on it &amp; sorry: https://acme.example.test/status"
    since = now()

    def accept_then_503(asked: Any) -> Any:
        if asked.method == "POST":
            tiny.create(json.loads(asked.body))
            return said({"title": "Service Unavailable"}, 503)
        return None

    tiny.fault = accept_then_503
    with pytest.raises(HttpError) as raised:
        channel.reply(heard(post), text, key="k2")
    assert (raised.value.delivered, raised.value.status) == (True, 503)
    found = channel.find(Attempt(heard(post), text, "k2", since))
    assert isinstance(found, Sent)
    assert [found.id] == [made["id"] for made in tiny.replies()]


def test_find_tells_absent_from_unsure(kit: Ground, tiny: TinyX) -> None:
    post = tiny.publish("@acme help")
    channel = opened(tiny, kit)
    tiny.publish("@ada thanks", by="acme", referenced_tweets=[{"type": "replied_to", "id": post}])
    attempt = Attempt(heard(post), "We are on it.", "k3", now() - timedelta(minutes=3))
    assert isinstance(channel.find(attempt), Absent)
    tiny.fault = lambda asked: said({}, 500)
    assert isinstance(channel.find(attempt), Unsure)


def test_the_same_text_again_is_looked_up_not_failed(kit: Ground, tiny: TinyX) -> None:
    from alerts.replying.send import not_posted

    tiny.fault = lambda asked: (
        said({"detail": "You are not allowed to create a Tweet with duplicate content.", "status": 403}, 403)
        if asked.method == "POST"
        else None
    )
    with pytest.raises(HttpError) as raised:
        opened(tiny, kit).reply(heard("1"), "We are on it.", key="k")
    assert not not_posted(raised.value)


def test_a_reply_that_x_does_not_allow_says_so_with_the_way_out(kit: Ground, tiny: TinyX) -> None:
    detail = "You can only reply to or quote posts where you are mentioned or are the author."
    tiny.fault = lambda asked: (
        said({"title": "Forbidden", "status": 403, "detail": detail}, 403) if asked.method == "POST" else None
    )
    with pytest.raises(HttpError, match="where you are mentioned") as raised:
        opened(tiny, kit).reply(heard("1"), "We are on it.", key="k")
    assert raised.value.permanent
    assert not raised.value.attention
    assert "by hand" in raised.value.hint


def test_a_reply_that_is_too_long_is_stopped_before_the_call(kit: Ground, tiny: TinyX) -> None:
    channel = opened(tiny, kit)
    with pytest.raises(ChannelError, match="weighs 282"):
        channel.reply(heard("1"), "語" * 141, key="k")
    assert not [asked for asked in tiny.site.asked if asked.method == "POST"]


def test_nobody_listening_is_an_error_with_nothing_posted(kit: Ground, tiny: TinyX) -> None:
    options = XOptions.model_validate({"base_url": "http://127.0.0.1:9"} | KEYS)
    with pytest.raises(HttpError) as raised:
        X(options, kit.http).reply(heard("1"), "We are on it.", key="k")
    assert not raised.value.delivered


def test_refresh_tells_deleted_and_edited_posts(kit: Ground, tiny: TinyX) -> None:
    channel = opened(tiny, kit)
    stays, goes, edited = tiny.publish("@acme one"), tiny.publish("@acme two"), tiny.publish("@acme three")
    latest = tiny.publish("@acme three, changed", edit_history_tweet_ids=[edited])
    for number in (edited, latest):
        tiny.tweets[int(number)]["edit_history_tweet_ids"] = [edited, latest]
    del tiny.tweets[int(goes)]
    found = {item.id: item for item in channel.refresh([heard(stays), heard(goes), heard(edited)])}
    assert isinstance(found[goes], Gone)
    texts = {name: item.text for name, item in found.items() if isinstance(item, Post)}
    assert texts == {stays: "@acme one", edited: "@acme three, changed"}


def test_test_says_as_whom_and_refuses_somebody_elses_token(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    listen_to(sqlite_db, kit, tiny, username="acme")
    assert sources.test(sqlite_db, kit, "x") == "X as @acme"
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert (account.limits["ours"], account.identity) == ([US, "acme"], "acme")
    assert not any(
        secret in f"{account.secrets} {account.options} {account.identity}" for secret in KEYS.values()
    )
    with pytest.raises(ChannelError, match="belongs to @acme"):
        opened(tiny, kit, **KEYS, username="other")
    assert "read-only" in opened(tiny, kit, **BEARER).check()


def test_half_of_the_keys_are_named(sqlite_db: Database, kit: Ground) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    with pytest.raises(SourceError, match="missing: consumer_secret"):
        sources.add(
            sqlite_db, kit, "x", name="x", brand="Acme",
            settings={name: value for name, value in KEYS.items() if name != "consumer_secret"},
        )  # fmt: skip
    with pytest.raises(SourceError, match="set bearer_token"):
        sources.add(sqlite_db, kit, "x", name="x", brand="Acme", settings={})


def test_may_reply_is_asked_of_what_was_stored(kit: Ground, tiny: TinyX) -> None:
    channel = opened(tiny, kit)
    assert channel.may_reply(heard("1")).mode is ReplyMode.API
    assert channel.may_reply(heard("1", mentions_us=False)).mode is ReplyMode.LINK
    assert opened(tiny, kit, **BEARER).may_reply(heard("1")).mode is ReplyMode.LINK
