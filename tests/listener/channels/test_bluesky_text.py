"""Bluesky without network: lengths, facets, whole links, and recorded posts read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from listener.channels.bluesky.posts import moment, post_of
from listener.channels.bluesky.richtext import expanded, facets, measure

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("שלום", 4),
        ("👩‍👩‍👧", 2),
        ("e\u0301", 1),
        ("語" * 300, 300),
        ("x" * 3000, 3000),
    ],
)
def test_length_is_graphemes_or_a_tenth_of_the_bytes(text: str, length: int) -> None:
    assert measure(text) == length


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see (https://a.example.test/x).", ["https://a.example.test/x"]),
        ("https://a.example.test/x_(y)", ["https://a.example.test/x_(y)"]),
        (
            "#tag, #2026 #a1! x#no https://a.example.test/#frag",
            ["#tag", "#a1", "https://a.example.test/#frag"],
        ),
        ("mail me@b.example.test, @b.example.test", ["@b.example.test"]),
        ("#שלום", ["#שלום"]),
    ],
)
def test_facets_mark_links_tags_and_mentions(text: str, shown: list[str]) -> None:
    raw = text.encode()
    found = facets(text, lambda handle: f"did:plc:{handle}")
    assert [raw[item["index"]["byteStart"] : item["index"]["byteEnd"]].decode() for item in found] == shown


def test_links_that_are_shown_shortened_are_read_whole() -> None:
    text = "שלום example.test/a/lon... now"
    start = len("שלום ".encode())
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.test/a/long/one"}
    told = [{"index": {"byteStart": start, "byteEnd": start + 21}, "features": [link]}]
    assert expanded(text, told) == "שלום https://example.test/a/long/one now"
    assert expanded(text, [{"index": {"byteStart": 5, "byteEnd": 9000}, "features": [link]}, 7]) == text


def test_odd_times_are_no_times() -> None:
    assert moment("2024-02-22T19:58:13.903293+00:00") is not None
    assert moment("yesterday") is None
    assert moment("9999-12-31T23:59:59-23:59") is None


def test_a_recorded_post_with_pictures_and_a_quote(recorded: Path) -> None:
    told = json.loads(
        (recorded / "bluesky" / "thread_view_post_with_embed_media.json").read_text(encoding="utf-8")
    )
    view = told["thread"]["post"]
    post = post_of(view, ours=NOBODY)
    assert post is not None
    assert post.quoted_id == view["record"]["embed"]["record"]["record"]["uri"]
    assert (post.media[0]["type"], post.media[0]["url"]) == (
        "image",
        view["embed"]["media"]["images"][0]["fullsize"],
    )
    assert post.author is not None
    assert post.author.handle == view["author"]["handle"]
    assert post.extra["cid"] == view["cid"]
    assert (post.language, post.engagement["likes"], post.kind) == ("en", 0, "post")
    assert post_of(view, ours=frozenset({view["author"]["did"]})).own  # type: ignore[union-attr]
