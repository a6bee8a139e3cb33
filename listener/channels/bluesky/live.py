"""Jetstream: everybody's posts as they are written, as JSON over a WebSocket; what concerns us is picked out here.

https://github.com/bluesky-social/jetstream . It filters by collection only, so all posts of the network come by (some
fifty a second); a post is kept when a query of the brand wants it or when it mentions, answers or quotes us. Those are
looked up once with the account's own server, for names, counts and whether we may answer; one that is not indexed yet
is stored as it came, and the next poll completes it. Deletions of what we have stored are heard too.

The cursor is the time of the last event in microseconds. Events are only roughly in order, so a few seconds are read
again; a cursor that is too old is dropped: replaying hours of the network costs more than the polls, which know.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from listener import log, unreadable
from listener.channels.base import Cursor, Gone, Listen, Page, Post
from listener.channels.bluesky.posts import post_of
from listener.channels.bluesky.session import views_of
from listener.errors import ChannelError
from listener.http.wires import gather
from listener.query import Document

if TYPE_CHECKING:
    from listener.channels.bluesky import Bluesky

logger = log.get(__name__)
COLLECTION = "app.bsky.feed.post"
SECOND = 1_000_000  # a cursor counts microseconds
AGAIN = 5 * SECOND
OLDEST = 15 * 60 * SECOND
PULSE = 1.0  # seconds
LINGER, MOST = 0.3, 500  # seconds and events of one batch
SILENCE = 60.0  # seconds: on the public network a silent Jetstream is a dead one
PUBLIC = ".bsky.network"
LOOKUP = 25  # posts of one look-up


@dataclass(slots=True)
class _Batch:
    posts: dict[str, Post] = field(default_factory=dict)
    gone: list[Gone] = field(default_factory=list)
    at: int = 0


def live(channel: Bluesky, what: Listen, cursor: Cursor | None, stop: Event) -> Iterator[Page]:
    """Yield what concerns us. Raises ChannelError."""
    place = channel.options.stream_url.rstrip("/")
    asked: list[tuple[str, str | int]] = [("wantedCollections", COLLECTION)]
    since = _since(cursor)
    if since:
        asked.append(("cursor", since))
    host = urlsplit(place).hostname or ""
    silence = SILENCE if host.endswith(PUBLIC) else None
    with channel.http.websocket(f"{place}/subscribe?{urlencode(asked)}", silence=silence) as wire:
        yield Page((), None)
        while not stop.is_set():
            batch = _Batch()
            for text in gather(wire, PULSE, most=MOST, linger=LINGER):
                _hear(channel, what, text, batch)
            posts = _completed(channel, batch.posts) if batch.posts else []
            place_now = {"v": 1, "at": batch.at} if batch.at else None
            yield Page(posts, place_now, gone=batch.gone)


def _since(cursor: Cursor | None) -> int | None:
    """Return where to begin: a little before the last event, unless that is too long ago (or in the future)."""
    at = int((cursor or {}).get("at") or 0)
    now = int(time.time() * SECOND)
    return at - AGAIN if now - OLDEST < at <= now else None


def _hear(channel: Bluesky, what: Listen, text: str, batch: _Batch) -> None:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, Mapping):
        logger.warning("post.unreadable", channel="bluesky", item="stream", error="no JSON object")
        return
    at = event.get("time_us")
    if (
        isinstance(at, int) and at <= (time.time() + 60) * SECOND
    ):  # a time in the future would blind a reconnection
        batch.at = max(batch.at, at)
    unreadable.read("bluesky", event.get("did"), _commit, channel, what, event, batch)


def _commit(channel: Bluesky, what: Listen, event: Mapping[str, Any], batch: _Batch) -> None:
    if event.get("kind") != "commit":
        return
    commit = event["commit"]
    if commit["collection"] != COLLECTION:
        return
    uri = f"at://{event['did']}/{COLLECTION}/{commit['rkey']}"
    if commit["operation"] == "delete":
        batch.posts.pop(uri, None)
        batch.gone.append(Gone(uri))
        return
    post = post_of(_view(uri, event, commit), ours=channel.ours)
    if post is not None and _concerns_us(channel, post, what):
        batch.posts[uri] = post


def _view(uri: str, event: Mapping[str, Any], commit: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the network's own view of a post would hold, as far as the event tells."""
    seen = datetime.fromtimestamp(event["time_us"] / SECOND, UTC)
    return {
        "uri": uri,
        "cid": commit.get("cid"),
        "author": {"did": event["did"]},
        "record": commit["record"],
        "indexedAt": seen.isoformat(),
    }


def _concerns_us(channel: Bluesky, post: Post, what: Listen) -> bool:
    if post.own or (post.addressed_to_us and channel.options.notifications):
        return True
    if not channel.options.search:
        return False
    document = Document(text=post.text, language=post.language, channel="bluesky")
    return any(query.matches(document) for query in what.queries)


def _completed(channel: Bluesky, bare: Mapping[str, Post]) -> Sequence[Post]:
    """Return the posts as the account's server shows them; as they came where it cannot (yet)."""
    found = dict(bare)
    uris = list(bare)
    for start in range(0, len(uris), LOOKUP):
        asked = uris[start : start + LOOKUP]
        try:
            said = channel.session.read("stream", "app.bsky.feed.getPosts", {"uris": asked})
            views = views_of(said, "posts", "stream")
        except ChannelError as error:
            logger.warning("stream.not_completed", posts=len(asked), status=error.status)
            break
        for view in views:
            post = unreadable.read("bluesky", view.get("uri"), post_of, view, ours=channel.ours)
            if post is not None and post.id in found:
                found[post.id] = post
    return list(found.values())
