"""Reddit without network: text as Markdown, queries as searches, and recorded listings and errors read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from listener.channels.reddit.listening import SEARCH_LENGTH, searches
from listener.channels.reddit.markdown import bare, escaped, measure
from listener.channels.reddit.posts import post_of
from listener.errors import HttpError
from listener.query import parse

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("hello", "hello"),
        ("a *b* _c_ `d` ~e~ ^f", "a \\*b\\* \\_c\\_ \\`d\\` \\~e\\~ \\^f"),
        ("# one\n- two\n1. three\n> four", "\\# one  \n\\- two  \n1\\. three  \n\\> four"),
        ("[x](https://example.test/a_b) & &amp;", "\\[x\\](https://example.test/a_b) & &amp;amp;"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("    code?", "code?"),
        ("2026 was 3.5% better", "2026 was 3.5% better"),
        ("שלום 👩‍👩‍👧", "שלום 👩‍👩‍👧"),
    ],
)
def test_text_is_shown_as_it_was_written(text: str, sent: str) -> None:
    assert escaped(text) == sent
    assert measure(text) == len(sent)
    assert bare(sent) == bare(text.replace("&amp;", "&amp;amp;"))


def test_queries_become_searches_that_cover_them() -> None:
    assert searches([parse('acme AND "fast fibre" OR #acmedown')]) == ['("fast fibre" AND acme) OR acmedown']
    many = searches([parse(" OR ".join(f"brandname{number}" for number in range(60)))])
    assert len(many) > 1
    assert all(len(text) <= SEARCH_LENGTH for text in many)


def children(folder: Path, *names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        for exchange in json.loads((folder / f"{name}.json").read_text(encoding="utf-8")):
            body = exchange["response"]["body"]
            for listing in body if isinstance(body, list) else [body]:
                if isinstance(listing, dict) and listing.get("kind") == "Listing":
                    yield from listing["data"]["children"]


def test_recorded_listings_are_read_whole(recorded: Path) -> None:
    kinds: dict[str, int] = {}
    names = (
        "TestSubreddit.test_search",
        "TestSubredditStreams.test_comments__with_pause",
        "TestInbox.test_all",
    )
    for thing in children(recorded / "reddit", *names):
        post = post_of(thing, ours=NOBODY)
        if post is None:
            assert (
                "[deleted]" in str(thing["data"])
                or "[removed]" in str(thing["data"])
                or thing["kind"] == "more"
            )
            continue
        kinds[post.kind] = kinds.get(post.kind, 0) + 1
        assert post.id == thing["data"]["name"]
        assert post.text
        assert post.posted_at.year >= 2009
        assert post.url is None or post.url.startswith("https://www.reddit.com/")
        if post.kind == "comment":
            assert post.parent_id
            assert str(post.extra["link_id"]).startswith("t3_")
    assert kinds["post"] >= 5
    assert kinds["comment"] >= 30


def test_recorded_deletion_is_gone(recorded: Path) -> None:
    from listener.channels.reddit.posts import gone

    (thing,) = children(recorded / "reddit", "TestComment.test_delete")
    assert gone(thing["data"])
    assert post_of(thing, ours=NOBODY) is None


def recorded_answers(recorded: Path) -> Iterator[requests.Response]:
    for file in sorted((recorded / "reddit_core").glob("TestSession*.json")):
        for exchange in json.loads(file.read_text(encoding="utf-8")):
            told = exchange["response"]
            answer = requests.Response()
            answer.status_code, answer.url = told["status"], "https://oauth.reddit.com/"
            answer.headers.update(told["headers"])
            body = told["body"]
            answer._content = (body if isinstance(body, str) else json.dumps(body)).encode()
            yield answer


def test_recorded_errors_of_reddit_are_told_apart(recorded: Path) -> None:
    from listener.channels.reddit.client import _judge

    seen: dict[int, HttpError] = {}
    for answer in recorded_answers(recorded):
        if answer.status_code < 400:
            _judge(answer, is_token=False)
            continue
        with pytest.raises(HttpError) as raised:
            _judge(answer, is_token=False)
        seen[answer.status_code] = raised.value
    assert seen.keys() >= {403, 404, 429, 503}
    assert {status for status, error in seen.items() if not error.permanent} == {
        status for status in seen if status == 429 or status >= 500
    }
    assert seen[429].retry_after is not None
