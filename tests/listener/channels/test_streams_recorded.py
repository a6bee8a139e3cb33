"""What real platforms said, as it comes by a stream: recorded events and posts are read whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from listener.channels.base import Listen, Post
from listener.channels.bluesky import Bluesky, BlueskyOptions
from listener.channels.bluesky import live as jetstream
from listener.channels.mastodon import Mastodon, MastodonOptions
from listener.channels.mastodon import live as streaming
from listener.channels.x import X, XOptions
from listener.channels.x import live as filtered
from listener.channels.x.rules import Rules
from listener.db import now
from listener.ground import Ground
from listener.query import parse
from tests.listener.web_room import Answer, Asked, Site


def exchanges(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (folder / "mastodon" / f"{name}.json").read_text(encoding="utf-8")
    )
    return found


def events(body: str) -> Iterator[tuple[str, str]]:
    """Yield (event, payload) of server-sent events: a WebSocket carries the same two."""
    for block in body.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            yield lines["event"], lines["data"]


def mastodon(kit: Ground, base_url: str = "http://127.0.0.1:9") -> Mastodon:
    return Mastodon(
        MastodonOptions.model_validate({"base_url": base_url, "access_token": "sesame"}), kit.http
    )


@pytest.mark.parametrize(("name", "posts"), [("test_stream_user_local", True), ("test_stream_direct", False)])
def test_events_of_a_real_mastodon(recorded: Path, kit: Ground, name: str, posts: bool) -> None:
    channel = mastodon(kit)
    told = [one for one in exchanges(recorded, name) if "/streaming/" in str(one["request"])]
    found = list(events(told[0]["response"]["body"]))
    assert found
    for event, payload in found:
        read = streaming._read(channel, json.dumps({"stream": ["user"], "event": event, "payload": payload}))
        if event == "update":
            said = json.loads(payload)
            assert isinstance(read, Post)
            assert (read.id, read.posted_at.isoformat()[:19]) == (said["id"], said["created_at"][:19])
            assert read.text
        else:
            assert read is None
    assert any(event == "update" for event, _ in found) is posts


def test_where_a_real_mastodon_streams(recorded: Path, kit: Ground, site: Site) -> None:
    said = {
        "v2" if "v2" in str(one["request"]) else "v1": one["response"]["body"]
        for one in exchanges(recorded, "test_stream_healthy")
        if "instance" in str(one["request"])
    }

    def answer(asked: Asked) -> Answer:
        body = said["v2" if "/v2/" in asked.path else "v1"]
        text = body if isinstance(body, str) else json.dumps(body)
        return Answer(text, 200, {"Content-Type": "application/json"})

    site.answer = answer
    assert streaming.address(mastodon(kit, site.url)) == "ws://localhost:4000"


def test_a_real_record_in_jetstreams_frame(recorded: Path, kit: Ground) -> None:
    channel = Bluesky(
        BlueskyOptions.model_validate({"handle": "a.example.test", "app_password": "x"}), kit.http
    )
    for name in ("post_record", "extended_post_record"):
        record = json.loads((recorded / "bluesky" / f"{name}.json").read_text(encoding="utf-8"))
        value = record.get("value", record)
        if "text" not in value:
            continue
        commit = {
            "operation": "create",
            "collection": "app.bsky.feed.post",
            "rkey": "r",
            "cid": "c",
            "record": value,
        }
        event = {"did": "did:plc:a", "time_us": 1_709_000_000_000_000, "kind": "commit", "commit": commit}
        batch = jetstream._Batch()
        word = next(word for word in value["text"].split() if word.isalnum())
        jetstream._hear(channel, Listen([parse(word)], now()), json.dumps(event), batch)
        (post,) = batch.posts.values()
        assert post.text == value["text"].strip()
        assert (post.id, batch.at) == ("at://did:plc:a/app.bsky.feed.post/r", 1_709_000_000_000_000)


def test_real_posts_as_lines_of_the_filtered_stream(recorded: Path, kit: Ground) -> None:
    channel = X(XOptions.model_validate({"bearer_token": "sesame", "username": "acme"}), kit.http)
    rules = Rules(channel, Listen([parse("acme")], now()), {})
    read = 0
    for name in ("brexit", "edited", "geo_tweets", "media_tweet", "mentions_tweet"):
        file = recorded / "x_v2_full" / f"{name}.jsonl"
        for line in filter(None, file.read_text(encoding="utf-8").splitlines()):
            page = json.loads(line)
            tweets = page["data"] if isinstance(page["data"], list) else [page["data"]]
            lines = [{"data": tweet, "includes": page.get("includes", {})} for tweet in tweets]
            posts = filtered._posts(channel, rules, lines)
            assert len(posts) == len(tweets)
            read += len(posts)
    assert read > 10
