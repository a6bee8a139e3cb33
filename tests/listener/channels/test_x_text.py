"""X without network: how long a text is there, how a query is asked, and recorded posts read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from listener.channels.x.length import measure
from listener.channels.x.posts import Included, post_of
from listener.channels.x.replying import bare
from listener.channels.x.searches import LENGTH, searches
from listener.query import parse

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("привет", 6),
        ("שלום", 4),
        ("日本語", 6),
        ("한국", 4),
        ("👩‍👩‍👧", 2),
        ("👍🏽", 2),
        ("🇫🇷🇩🇪", 4),
        ("1️⃣", 2),
        ("©", 1),
        ("“quoted” — dash…", 17),
        ("e\u0301", 1),
        ("see https://example.com/a/very/long/path?with=query#and-fragment now", 4 + 23 + 4),
        ("(https://example.com/a).", 1 + 23 + 2),
        ("example.com and example.com/path", 23 + 5 + 23),
        ("bbc.co.uk", 23),
        ("mail me@example.com", 19),
        ("end.Then start", 14),
        ("v1.2.3 is out", 13),
        ("@acme #acme $acme", 17),
    ],
)
def test_length_is_weighed_as_x_does(text: str, length: int) -> None:
    assert measure(text) == length


def test_length_of_the_longest_text_is_quick() -> None:
    assert measure("a." * 5000) == 10_000
    assert measure("👩‍👩‍👧" * 100) == 200


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("acme", ["(acme OR #acme OR @acme) -is:retweet -from:acme_help"]),
        ('"acme tv" OR #acmedown', ['(("acme tv") OR (#acmedown)) -is:retweet -from:acme_help']),
        (
            "acme AND NOT jobs AND lang:he",
            ["(acme OR #acme OR @acme) -jobs lang:iw -is:retweet -from:acme_help"],
        ),
        ("acme AND NOT (jobs OR hiring)", ["(acme OR #acme OR @acme) -is:retweet -from:acme_help"]),
    ],
)
def test_a_query_is_asked_as_narrowly_as_is_safe(query: str, asked: list[str]) -> None:
    assert searches([parse(query)], without="acme_help", reposts=False) == asked


def test_a_long_query_becomes_several_searches_of_a_length_that_x_takes() -> None:
    made = searches(
        [parse(" OR ".join(f"brandname{number}" for number in range(60)))], without=None, reposts=False
    )
    assert len(made) > 1
    assert all(len(text) <= LENGTH for text in made)
    assert all(any(f"(brandname{number} " in text for text in made) for number in range(60))


def test_what_x_adds_to_a_reply_is_not_compared() -> None:
    assert bare("@ada @bob We&#39;re on it &amp; sorry") == bare("We're on it & sorry")


def test_recorded_pages_are_read_whole(recorded: Path) -> None:
    count = 0
    for name in (
        "test_client_search_recent_tweets",
        "test_client_get_users_mentions",
        "test_client_get_users_tweets",
    ):
        for exchange in json.loads((recorded / "x" / f"{name}.json").read_text(encoding="utf-8")):
            body = exchange["response"]["body"]
            for tweet in body.get("data", []):
                post = post_of(tweet, Included.of(body), ours=NOBODY)
                assert (
                    post.id == tweet["edit_history_tweet_ids"][0]
                    if "edit_history_tweet_ids" in tweet
                    else tweet["id"]
                )
                assert post.text
                assert "&amp;" not in post.text
                assert post.posted_at.year in {2021, 2022}
                count += 1
    assert count > 15


@pytest.mark.parametrize(
    "name", ["brexit", "edited", "edited_before", "geo_tweets", "media_tweet", "mentions_tweet"]
)
def test_recorded_full_posts_have_authors_links_and_references(recorded: Path, name: str) -> None:
    for line in (recorded / "x_v2_full" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        page = json.loads(line)
        included = Included.of(page)
        listed = page["data"] if isinstance(page["data"], list) else [page["data"]]
        for tweet in listed:
            post = post_of(tweet, included, ours=NOBODY)
            assert post.author is not None
            assert post.author.handle
            assert post.repost_of is None or post.repost_of not in included.posts
            assert "https://t.co/" not in post.text or "t.co" not in json.dumps(tweet.get("entities", {}))
            assert post.engagement


def test_a_recorded_edit_keeps_its_first_id(recorded: Path) -> None:
    page = json.loads((recorded / "x_v2_full" / "edited.jsonl").read_text(encoding="utf-8").splitlines()[0])
    tweet = page["data"][0]
    post = post_of(tweet, Included.of(page), ours=NOBODY)
    assert (post.id, post.extra["latest"]) == tuple(tweet["edit_history_tweet_ids"])
    assert post.edited_at is not None
    assert post.url is not None
    assert post.url.endswith(post.extra["latest"])


def test_recorded_errors_are_told_apart(recorded: Path) -> None:
    from typing import Any

    import requests
    import tweepy

    from listener.channels.x.client import spoken
    from listener.errors import HttpError

    outcomes: list[tuple[int | None, bool, bool]] = []
    for case in json.loads((recorded / "x_errors" / "errors.json").read_text(encoding="utf-8")):
        answer = requests.Response()
        answer.status_code, answer.url = case["status"], "https://api.x.com/2/tweets"
        answer.headers.update({"Content-Type": "application/json"} | case.get("headers", {}))
        answer._content = json.dumps(case["body"]).encode()
        failures: dict[int, Any] = {429: tweepy.TooManyRequests, 403: tweepy.Forbidden}
        with pytest.raises(HttpError) as raised, spoken("https://api.x.com", "reply"):
            raise failures[case["status"]](answer)
        outcomes.append((raised.value.status, raised.value.permanent, raised.value.attention))
    assert outcomes == [(429, True, True), (403, True, False), (403, True, False), (429, False, False)]
