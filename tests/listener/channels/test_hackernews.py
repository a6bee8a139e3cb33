"""Hacker News: the search is walked down by server time; a tiny server stands for Algolia, the simulator for a site."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listener.channels.base import Gone, Listen, Page, Post, ReplyMode
from listener.channels.hackernews import HackerNews, HackerNewsOptions
from listener.errors import ChannelError
from listener.ground import Ground
from listener.query import parse
from tests.listener.web_room import Answer, Asked, Site

NOW = int(datetime.now(UTC).timestamp())


def hit(number: int, at: int, **more: Any) -> dict[str, Any]:
    return {
        "objectID": str(number), "created_at_i": at, "author": "ada", "comment_text": f"<p>acme {number} &amp; co",
        "story_id": 7, "parent_id": 8, **more,
    }  # fmt: skip


def search(hits: list[dict[str, Any]], page_size: int = 20) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        upper = int(asked.query.get("numericFilters", f"created_at_i<={NOW * 2}").partition("<=")[2])
        found = sorted(
            (one for one in hits if one["created_at_i"] <= upper), key=lambda one: -one["created_at_i"]
        )
        start = int(asked.query.get("page", 0)) * page_size
        return Answer(json.dumps({"hits": found[start : start + page_size], "nbHits": len(found)}))

    return answer


def channel(kit: Ground, site: Site) -> HackerNews:
    return HackerNews(HackerNewsOptions(base_url=site.url), kit.http)


def listen(made: HackerNews, cursor: dict[str, Any] | None = None, query: str = "acme") -> list[Page]:
    since = datetime.fromtimestamp(NOW, UTC) - timedelta(hours=24)
    return list(made.listen(Listen([parse(query)], since), cursor))


def test_all_are_heard_once_and_then_only_the_new_ones(kit: Ground, site: Site) -> None:
    hits = [hit(number, NOW - 4000 - number * 600) for number in range(60)]
    site.answer = search(hits)
    pages = listen(channel(kit, site))
    assert {post.id for page in pages for post in page.posts} == {str(number) for number in range(60)}
    assert not pages[-1].truncated
    hits.append(hit(99, NOW - 10))
    again = listen(channel(kit, site), pages[-1].cursor)
    assert "99" in {post.id for page in again for post in page.posts}
    assert len(again) < len(pages)


def test_what_is_asked_for(kit: Ground, site: Site) -> None:
    site.answer = search([])
    listen(channel(kit, site), query='acme AND "tv box" OR rating:<3')
    assert [one.query["query"] for one in site.asked] == ["acme", '"tv box"']
    assert {one.query["typoTolerance"] for one in site.asked} == {"false"}
    assert {one.query["tags"] for one in site.asked} == {"(story,comment)"}


def test_a_query_without_any_word_is_refused(kit: Ground, site: Site) -> None:
    with pytest.raises(ChannelError, match="no word"):
        listen(channel(kit, site), query="rating:<3")


def test_a_hit_becomes_a_post(kit: Ground, site: Site) -> None:
    site.answer = search(
        [
            hit(1, NOW - 60),
            hit(2, NOW - 50, comment_text=None, title="Acme &amp; you", story_text="<p>Hi", points=9),
        ]
    )
    by_id = {post.id: post for page in listen(channel(kit, site)) for post in page.posts}
    comment, story = by_id["1"], by_id["2"]
    assert (comment.kind, comment.text, comment.parent_id, comment.thread_id) == (
        "comment",
        "acme 1 & co",
        "8",
        "7",
    )
    assert (story.kind, story.title, story.text, story.engagement) == (
        "post",
        "Acme & you",
        "Hi",
        {"likes": 9},
    )
    assert comment.url == "https://news.ycombinator.com/item?id=1"


def test_an_item_from_the_future_does_not_blind(kit: Ground, site: Site) -> None:
    hits = [hit(1, NOW + 10**9), hit(2, NOW - 60)]
    site.answer = search(hits)
    pages = listen(channel(kit, site))
    hits.append(hit(3, NOW - 5))
    again = listen(channel(kit, site), pages[-1].cursor)
    assert "3" in {post.id for page in again for post in page.posts}


def test_many_items_of_one_second(kit: Ground, site: Site) -> None:
    site.answer = search([hit(number, NOW - 60) for number in range(250)], page_size=100)
    pages = listen(channel(kit, site))
    assert len({post.id for page in pages for post in page.posts}) == 250


def test_answers_go_by_hand(kit: Ground, site: Site) -> None:
    assert channel(kit, site).may_reply(Post("1", "x", datetime.now(UTC))).mode is ReplyMode.LINK


def test_deleted_items_are_gone_and_edited_ones_come_back(kit: Ground, site: Site) -> None:
    items = {
        "/api/v1/items/1": Answer(
            json.dumps({"id": 1, "created_at_i": NOW, "author": "ada", "text": "acme, edited"})
        ),
        "/api/v1/items/2": Answer(json.dumps({"id": 2, "created_at_i": NOW, "text": None, "title": None})),
    }
    site.answer = lambda asked: items.get(asked.path, Answer(status=404))
    asked = [Post(name, "x", datetime.now(UTC)) for name in ("1", "2", "3")]
    edited, dead, missing = channel(kit, site).refresh(asked)
    assert isinstance(edited, Post)
    assert edited.text == "acme, edited"
    assert dead == Gone("2")
    assert missing == Gone("3")


@pytest.mark.parametrize("body", ["<html>", "[]", ""])
def test_nonsense_is_refused_in_words(kit: Ground, site: Site, body: str) -> None:
    site.answer = lambda asked: Answer(body)
    with pytest.raises(ChannelError, match="JSON"):
        channel(kit, site).check()
