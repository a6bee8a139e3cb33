"""Answering on Reddit: once, escaped, and where threads are closed known before writing."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from listener import brands, sources
from listener.channels.base import Absent, Attempt, ReplyMode, Sent, Unsure
from listener.channels.reddit import Reddit, RedditOptions
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.http import Http
from listener.models import Account
from listener.sources import SourceError
from tests.listener.channels.reddit_room import LOGIN, TinyReddit, said
from tests.listener.channels.reddit_scene import heard, listen_to, opened
from tests.listener.web_room import Answer, Site


@pytest.fixture
def tiny(site: Site) -> TinyReddit:
    return TinyReddit(site)


def test_a_reply_stands_under_the_post_as_it_was_written(kit: Ground, tiny: TinyReddit) -> None:
    post = tiny.comment("acme is down")
    sent = opened(tiny, kit).reply(
        heard(post), "Sorry! *Really*.\nSee https://acme.example.test/a_b", key="k1"
    )
    (made,) = tiny.replies()
    assert (made["name"], made["parent_id"]) == (sent.id, post)
    assert made["body"] == "Sorry! \\*Really\\*.  \nSee https://acme.example.test/a_b"
    assert sent.url == f"https://www.reddit.com{made['permalink']}"


@pytest.mark.parametrize("lost", ["503", "stall", "cut"])
def test_an_accepted_reply_without_a_clear_answer_is_posted_once_and_found(
    tiny: TinyReddit, lost: str
) -> None:
    from alerts.replying.send import not_posted

    http = Http(allow=["127.0.0.1:*"], timeout=(3.0, 3.0))
    post = tiny.comment("acme is down")
    channel = Reddit(RedditOptions.model_validate({"base_url": tiny.site.url} | LOGIN), http)
    channel.learn()
    text, since = "We are on it: *soon* & sorry https://acme.example.test/x_y", now()

    def accept_then_fail(asked: Any) -> Any:
        if asked.path != "/api/comment/":
            return None
        tiny.create({name: value[0] for name, value in parse_qs(asked.body.decode()).items()})
        if lost == "stall":
            time.sleep(5)
        return said({}, 503) if lost == "503" else Answer('{"json": {"er')

    tiny.fault = accept_then_fail
    with pytest.raises(HttpError) as raised:
        channel.reply(heard(post), text, key="k2")
    assert not not_posted(raised.value)
    found = channel.find(Attempt(heard(post), text, "k2", since))
    assert isinstance(found, Sent)
    assert [found.id] == [made["name"] for made in tiny.replies()]


def test_a_quarantined_subreddit_posts_without_saying_so(kit: Ground, tiny: TinyReddit) -> None:
    tiny.fault = lambda asked: (
        said({"json": {"errors": [], "data": {"things": []}}}) if asked.path == "/api/comment/" else None
    )
    with pytest.raises(HttpError, match="does not say") as raised:
        opened(tiny, kit).reply(heard("t1_x"), "We are on it.", key="k")
    assert raised.value.delivered
    assert raised.value.status is None


def test_find_tells_absent_from_unsure(kit: Ground, tiny: TinyReddit) -> None:
    post = tiny.comment("acme is down")
    tiny.comment("thanks", by="acme_help", parent=post)
    channel = opened(tiny, kit)
    attempt = Attempt(heard(post), "We are on it.", "k3", now())
    assert isinstance(channel.find(attempt), Absent)
    tiny.fault = lambda asked: said({}, 500)
    assert isinstance(channel.find(attempt), Unsure)


@pytest.mark.parametrize(
    ("error", "words", "wait"),
    [
        (["RATELIMIT", "Take a break for 9 minutes before trying again.", "ratelimit"], "take a break", 541),
        (["THREAD_LOCKED", "Comments are locked.", "parent"], "locked by the moderators", None),
        (["TOO_OLD", "that's a piece of history now", "parent"], "archived", None),
        (["DELETED_COMMENT", "that comment has been deleted", "parent"], "deleted", None),
        (["SOMETHING_NEW", "no thank you", ""], "no thank you", None),
    ],
)
def test_what_reddit_refuses_is_said_and_not_tried_again(
    kit: Ground, tiny: TinyReddit, error: list[str], words: str, wait: int | None
) -> None:
    from alerts.replying.send import not_posted

    tiny.errors = [error]
    began = time.monotonic()
    with pytest.raises(HttpError, match=words) as raised:
        opened(tiny, kit).reply(heard("t1_x"), "We are on it.", key="k")
    assert time.monotonic() - began < 40
    assert raised.value.retry_after == (timedelta(seconds=wait) if wait else None)
    assert raised.value.permanent == (wait is None)
    assert not_posted(raised.value)
    assert len([asked for asked in tiny.site.asked if asked.path == "/api/comment/"]) == 1


def test_locked_and_archived_threads_are_known_before_writing(kit: Ground, tiny: TinyReddit) -> None:
    channel = opened(tiny, kit)
    assert channel.may_reply(heard("t1_x")).mode is ReplyMode.API
    assert "locked" in (channel.may_reply(heard("t1_x", locked=True)).reason or "")
    assert channel.may_reply(heard("t1_x", archived=True)).mode is ReplyMode.LINK


def test_a_reply_that_is_too_long_is_stopped_before_the_call(kit: Ground, tiny: TinyReddit) -> None:
    channel = opened(tiny, kit)
    with pytest.raises(ChannelError, match="10002 characters"):
        channel.reply(heard("t1_x"), "*" * 5001, key="k")
    assert not [asked for asked in tiny.site.asked if asked.path == "/api/comment/"]


def test_nobody_listening_is_an_error_with_nothing_posted(kit: Ground) -> None:
    options = RedditOptions.model_validate({"base_url": "http://127.0.0.1:9"} | LOGIN)
    with pytest.raises(HttpError) as raised:
        Reddit(options, kit.http).reply(heard("t1_x"), "We are on it.", key="k")
    assert not raised.value.delivered


def test_a_changed_refresh_token_is_saved(kit: Ground, tiny: TinyReddit) -> None:
    saved: list[dict[str, str]] = []
    options = {"client_id": "app-id", "client_secret": "s", "refresh_token": "old-sesame"}
    channel = Reddit(
        RedditOptions.model_validate({"base_url": tiny.site.url} | options), kit.http, saved.append
    )
    real = tiny.site.answer
    tiny.site.answer = lambda asked: (
        said({"access_token": "a", "expires_in": 60, "scope": "*", "refresh_token": "new-sesame"})
        if asked.path.endswith("access_token")
        else real(asked)
    )
    assert channel.check() == "Reddit as u/acme_help"
    assert saved == [{"refresh_token": "new-sesame"}]


def test_test_says_as_whom(sqlite_db: Database, kit: Ground, tiny: TinyReddit) -> None:
    listen_to(sqlite_db, kit, tiny)
    assert sources.test(sqlite_db, kit, "reddit") == "Reddit as u/acme_help"
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert account.limits["ours"] == ["acme_help"]
    assert not any(
        secret in f"{account.secrets} {account.options} {account.identity}" for secret in ("password-sesame",)
    )
    app = {"client_id": "app-id", "client_secret": "s"}
    assert "read-only" in opened(tiny, kit, **app).check()
    assert "RSS" in Reddit(RedditOptions(base_url=tiny.site.url), kit.http).check()
    with pytest.raises(ChannelError, match="belong to u/acme_help"):
        opened(tiny, kit, **LOGIN | {"username": "other"})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"client_secret": "s"}, "client_id is missing"),
        ({"client_id": "i"}, "client_secret is missing"),
        ({"client_id": "i", "client_secret": "s", "password": "p"}, "username is missing"),
        ({"subreddits": "r/a b"}, "not the name of a subreddit"),
    ],
)
def test_half_given_credentials_are_named(
    sqlite_db: Database, kit: Ground, settings: dict[str, str], words: str
) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    with pytest.raises(SourceError, match=words):
        sources.add(sqlite_db, kit, "reddit", name="r", brand="Acme", settings=settings)
