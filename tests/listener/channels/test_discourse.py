"""Discourse: nothing lost across private ranges and bursts, answers under the post, once."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Absent, Attempt, Gone, Hook, Listen, Page, Post, ReplyMode, Sent, Unsure
from listener.channels.discourse import Discourse
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Mention, OwnPost, Source
from listener.query import parse
from tests.listener.channels.discourse_room import KEY, NOW, Forum, channel, forum, said
from tests.listener.web_room import Answer, Site

__all__ = ["forum"]
SECRET = "a-long-secret"
TEXT = "We are on it, please give us an hour."


def listen(made: Discourse, cursor: dict[str, Any] | None = None, pages: int = 40) -> list[Page]:
    return list(made.listen(Listen([parse("acme")], NOW - timedelta(days=1), max_pages=pages), cursor))


def ids(pages: list[Page]) -> list[str]:
    return [post.id for page in pages for post in page.posts]


def test_all_posts_are_heard_once_across_ranges_that_are_private(
    kit: Ground, site: Site, forum: Forum
) -> None:
    forum.add(*(said(number, minutes=2000 - number) for number in (*range(900, 930), *range(1200, 1290))))
    pages = listen(channel(kit, site))
    assert {int(one) for one in ids(pages)} == set(forum.posts)
    assert not pages[-1].truncated
    forum.add(said(1400, minutes=1))
    again = listen(channel(kit, site), pages[-1].cursor)
    assert "1400" in ids(again)
    assert len(again) <= 3  # two ranges are read again, not the whole forum


def test_a_burst_is_caught_up_over_several_runs(kit: Ground, site: Site, forum: Forum) -> None:
    forum.add(said(1))
    cursor = listen(channel(kit, site))[-1].cursor
    forum.add(*(said(number, minutes=3) for number in range(2, 1202)))
    heard: set[str] = set()
    for _ in range(10):
        pages = listen(channel(kit, site), cursor, pages=5)
        cursor = pages[-1].cursor
        heard |= set(ids(pages))
        if not pages[-1].truncated:
            break
    assert not pages[-1].truncated
    assert pages[0].backfilled
    assert {str(number) for number in range(2, 1202)} <= heard


def test_a_post_dated_2099_does_not_blind(kit: Ground, site: Site, forum: Forum) -> None:
    forum.add(said(1), said(2, created_at="2099-01-01T00:00:00.000Z"))
    cursor = listen(channel(kit, site))[-1].cursor
    forum.add(said(3))
    assert "3" in ids(listen(channel(kit, site), cursor))
    cursor = listen(channel(kit, site, read="search"))[-1].cursor
    forum.add(said(4, minutes=0))
    assert "4" in ids(listen(channel(kit, site, read="search"), cursor))


def test_one_post_of_an_unknown_shape_hides_nobody(kit: Ground, site: Site, forum: Forum) -> None:
    forum.add(said(1), said(2, actions_summary=[7]), said(3, post_number="x"), said(4))
    assert ids(listen(channel(kit, site))) == ["4", "1"]


def test_a_search_fetches_whole_posts_and_each_new_one_only(kit: Ground, site: Site, forum: Forum) -> None:
    forum.add(*(said(number, f"acme is down {number}", minutes=number * 20) for number in range(1, 26)))
    pages = listen(channel(kit, site, read="search"))
    assert sorted(map(int, ids(pages))) == list(range(1, 26))
    assert {post.title for page in pages for post in page.posts} == {"Help me"}
    asked = len(site.asked)
    forum.add(said(99, "acme again", minutes=0))
    again = listen(channel(kit, site, read="search"), pages[-1].cursor)
    assert "99" in ids(again)
    assert len(site.asked) - asked <= 3


def test_what_a_post_says(kit: Ground, site: Site) -> None:
    cooked = (
        '<aside class="quote" data-username="bob"><div>bob:</div><blockquote><p>try again</p></blockquote></aside>'
        '<p>Still <strong>down</strong> 👩‍👩‍👧 <a class="mention" href="/u/acme">@Acme</a></p>'
    )
    made = channel(kit, site).post(said(3, cooked=cooked, version=2))
    assert isinstance(made, Post)
    assert (made.text, made.kind, made.thread_id) == ("Still down 👩‍👩‍👧 @Acme", "comment", "topic:7")
    assert "try again" in (made.parent_text or "")
    assert made.url == f"{site.url}/t/help/7/2"
    assert (made.addressed_to_us, made.own, made.engagement) == (True, False, {"likes": 3, "replies": 1})
    assert made.edited_at is not None
    own = channel(kit, site).post(said(4, username="ACME"))
    assert isinstance(own, Post)
    assert own.own
    for gone in ({"deleted_at": "2026-01-01T00:00:00Z"}, {"hidden": True}, {"user_deleted": True}):
        assert channel(kit, site).post(said(5, **gone)) == Gone("5", made.instance)
    assert channel(kit, site).post(said(6, post_type=3)) is None


def test_own_answers_stop_the_clock_and_the_rest_of_a_topic_is_followed(
    sqlite_db: Database, kit: Ground, site: Site, forum: Forum
) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    settings = {"base_url": site.url, "api_key": KEY, "api_username": "Acme"}
    source_id = sources.add(sqlite_db, kit, "discourse", name="forum", brand="Acme", settings=settings)
    forum.add(
        said(1),
        said(2, "me too", username="bob"),
        said(3, "we look", username="Acme"),
        said(4, "x", topic_id=8),
    )
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert (outcome.error, outcome.new, outcome.own, outcome.unmatched) == (None, 2, 1, 1)
    with sqlite_db.read() as session:
        assert {row.external_id for row in session.scalars(select(Mention))} == {"1", "2"}
        assert [row.thread_id for row in session.scalars(select(OwnPost))] == ["topic:7"]


@pytest.mark.parametrize("event", ["post_created", "post_edited", "post_recovered"])
def test_a_signed_webhook_brings_a_post(kit: Ground, site: Site, event: str) -> None:
    made = channel(kit, site, webhook_secret=SECRET)
    received = made.receive(hook({"post": said(9)}, event))
    assert [post.id for post in received.posts] == ["9"]
    assert made.receive(hook({"post": said(9)}, "post_destroyed")).gone == [Gone("9", made.instance)]
    assert made.receive(hook({"ping": "OK"}, "ping")).posts == ()


def hook(body: Any, event: str = "post_created", secret: str = SECRET) -> Hook:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"X-Discourse-Event": event, "X-Discourse-Event-Signature": f"sha256={signature}"}
    return Hook("POST", headers, {}, raw)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (hook({"post": {}}, secret="another-secret"), 401),
        (Hook("POST", {}, {}, b"{}"), 401),
        (hook(b"[1"), 400),
    ],
)
def test_what_is_not_signed_or_not_json_is_refused(
    kit: Ground, site: Site, request_: Hook, status: int
) -> None:
    with pytest.raises(HttpError) as raised:
        channel(kit, site, webhook_secret=SECRET).receive(request_)
    assert raised.value.status == status
    with pytest.raises(HttpError, match="webhook_secret"):
        channel(kit, site).receive(request_)


def heard(kit: Ground, site: Site, forum: Forum) -> Post:
    forum.add(said(1))
    made = channel(kit, site).post(forum.posts[1])
    assert isinstance(made, Post)
    return made


def test_an_answer_stands_under_the_post(kit: Ground, site: Site, forum: Forum) -> None:
    to = heard(kit, site, forum)
    made = channel(kit, site)
    assert made.may_reply(to).mode is ReplyMode.API
    sent = made.reply(to, TEXT, key="k")
    (asked,) = [one for one in site.asked if one.method == "POST"]
    assert json.loads(asked.body) == {"raw": TEXT, "topic_id": 7, "reply_to_post_number": 2}
    assert (asked.headers["api-key"], asked.headers["api-username"]) == (KEY, "Acme")
    assert sent.url == f"{site.url}/t/help/7/2"
    forum.moderated = True
    assert made.reply(to, TEXT + " Really.", key="k2").pending


@pytest.mark.parametrize("text", ["x" * 32_001, "too short"])
def test_what_the_forum_would_refuse_is_not_sent(kit: Ground, site: Site, forum: Forum, text: str) -> None:
    with pytest.raises(ChannelError, match="characters"):
        channel(kit, site).reply(heard(kit, site, forum), text, key="k")
    assert not [one for one in site.asked if one.method == "POST"]


@pytest.mark.parametrize("moderated", [False, True])
def test_accepted_and_then_an_error_is_found_once(
    kit: Ground, site: Site, forum: Forum, moderated: bool
) -> None:
    to = heard(kit, site, forum)
    made = channel(kit, site)
    forum.accepted_then, forum.moderated = 503, moderated
    since = now()
    with pytest.raises(HttpError) as raised:
        made.reply(to, TEXT, key="k")
    assert raised.value.delivered
    found = made.find(Attempt(to, TEXT, "k", since))
    assert isinstance(found, Sent)
    assert found.pending == moderated
    assert made.find(Attempt(to, "Something quite different, sorry.", "k2", since)) == Absent()
    forum.posts.pop(1)  # the customer deletes the post: our answer still stands in its topic
    assert isinstance(made.find(Attempt(to, TEXT, "k", since)), Sent)
    forum.fault = Answer(status=502)
    assert isinstance(made.find(Attempt(to, TEXT, "k", since)), Unsure)


def test_a_closed_topic_and_a_deleted_post_say_so(kit: Ground, site: Site, forum: Forum) -> None:
    to = heard(kit, site, forum)
    body = json.dumps({"errors": ["Sorry, that topic is closed"], "error_type": "invalid_access"})
    forum.fault = Answer(body, status=403, headers={"Content-Type": "application/json"})
    with pytest.raises(HttpError, match="topic is closed") as raised:
        channel(kit, site).reply(to, TEXT, key="k")
    assert (raised.value.permanent, raised.value.attention) == (True, False)
    forum.fault = Answer(status=404)
    assert list(channel(kit, site).refresh([to])) == [Gone("1", to.instance)]


def test_edits_are_read_again(kit: Ground, site: Site, forum: Forum) -> None:
    to = heard(kit, site, forum)
    forum.add(said(1, "acme is up again", version=2))
    (again,) = channel(kit, site).refresh([to])
    assert isinstance(again, Post)
    assert again.text == "acme is up again"


def test_a_rate_limit_schedules_and_a_bad_key_asks_for_a_person(
    sqlite_db: Database, kit: Ground, site: Site, forum: Forum
) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    settings = {"base_url": site.url, "api_key": KEY, "api_username": "Acme"}
    source_id = sources.add(sqlite_db, kit, "discourse", name="forum", brand="Acme", settings=settings)
    limited = {"errors": ["slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 90}}
    forum.fault = Answer(json.dumps(limited), status=429, headers={"Content-Type": "application/json"})
    assert collect.poll(sqlite_db, kit, source_id, force=True).error
    with sqlite_db.work() as session:
        row = session.get_one(Source, source_id)
        assert row.not_before is not None
        assert timedelta(seconds=80) < row.not_before - now() < timedelta(seconds=100)
        row.not_before = None
    forum.fault = Answer('{"errors": ["no"]}', status=403, headers={"Content-Type": "application/json"})
    for _ in range(2):
        collect.poll(sqlite_db, kit, source_id, force=True)
    with sqlite_db.read() as session:
        row = session.get_one(Source, source_id)
        assert (row.state, KEY in f"{row.error} {row.hint}") == ("attention", False)


def test_check_says_as_whom(kit: Ground, site: Site, forum: Forum) -> None:
    made = channel(kit, site)
    assert made.check().endswith("as @Acme")
    assert made.known["ours"] == ["Acme"]
    nobody = channel(kit, site, api_key=None, api_username=None)
    assert "read-only" in nobody.check()
    assert nobody.may_reply(heard(kit, site, forum)).mode is ReplyMode.LINK
    assert not [one for one in site.asked[-1:] if "api-key" in one.headers]


@pytest.mark.parametrize("body", ["<html>", "[]"])
def test_nonsense_is_refused_in_words(kit: Ground, site: Site, forum: Forum, body: str) -> None:
    forum.fault = Answer(body)
    with pytest.raises(ChannelError, match="forum"):
        listen(channel(kit, site))


def test_recorded_posts(kit: Ground, site: Site, recorded: Path) -> None:
    folder = recorded / "discourse"
    if not folder.is_dir():
        pytest.skip("no recorded Discourse payloads there")
    latest = json.loads((folder / "posts_latest.json").read_text())["latest_posts"]
    made = [channel(kit, site).post(one) for one in latest]
    posts = [one for one in made if isinstance(one, Post)]
    assert len(posts) == len(latest)
    first = posts[0]
    assert (first.id, first.text, first.title) == ("15", "holla bullhonky.", "This is an uncategorized title")
    topic = json.loads((folder / "topic.json").read_text())
    made = [channel(kit, site).post(one) for one in topic["post_stream"]["posts"]]
    assert [one is None for one in made] == [one["post_type"] == 3 for one in topic["post_stream"]["posts"]]
