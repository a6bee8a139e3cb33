"""Answering on Bluesky, once, and finding out afterwards whether an unclear call did post.

The record key is made from the reply's own key, so the same reply can only ever be the same record:
https://atproto.com/specs/tid . Our repository shows a new record at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from listener.channels.base import Absent, Attempt, Post, Sent, Unsure
from listener.channels.bluesky.posts import SITE, moment, reference
from listener.channels.bluesky.richtext import MOST_BYTES, MOST_GRAPHEMES, facets, measure
from listener.channels.bluesky.session import XrpcError, unreadable, views_of
from listener.errors import ChannelError, HttpError

if TYPE_CHECKING:
    from listener.channels.bluesky import Bluesky

COLLECTION = "app.bsky.feed.post"
CLOCKS = timedelta(minutes=5)
RECENT, PAGES = 100, 3
_HOUR = 3_600_000_000  # microseconds
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_MISSING = frozenset({"RecordNotFound", "NotFound"})


def reply(channel: Bluesky, to: Post, text: str, *, key: str) -> Sent:
    """Post the reply. Raises ChannelError; an HttpError says whether it may have been delivered."""
    if measure(text) > MOST_GRAPHEMES:
        raise ChannelError(
            f"too long: Bluesky allows {MOST_GRAPHEMES} characters and {MOST_BYTES:,} bytes",
            permanent=True,
            hint="Shorten it.",
        )
    try:
        channel.learn()
        references, found = _references(channel, to), facets(text, channel.resolve)
    except ChannelError as error:
        error.delivered = False  # all this is asked before anything is posted
        raise
    record = {
        "$type": COLLECTION,
        "text": text,
        "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "reply": references,
        **({"facets": found} if found else {}),
    }
    place = {"repo": channel.did, "collection": COLLECTION, "rkey": record_key(key, to)}
    made = channel.session.write("reply", "com.atproto.repo.createRecord", {**place, "record": record})
    if not made.get("uri"):
        raise unreadable("reply")
    return _sent(channel, str(made["uri"]), datetime.now(UTC))


def find(channel: Bluesky, attempt: Attempt) -> Sent | Absent | Unsure:
    """Look for our record by its key, then by its words among our newest; Absent only when both could be read."""
    try:
        channel.learn()
        asked = {"repo": channel.did, "collection": COLLECTION, "rkey": record_key(attempt.key, attempt.to)}
        try:
            found = channel.session.read("reply", "com.atproto.repo.getRecord", asked)
        except XrpcError as error:
            if error.name not in _MISSING and error.status not in {
                HTTPStatus.NOT_FOUND,
                HTTPStatus.BAD_REQUEST,
            }:
                raise
        else:
            return (
                _sent(channel, str(found["uri"]), _made(found))
                if found.get("uri")
                else Unsure("unclear answer")
            )
        return _among_ours(channel, attempt)
    except ChannelError as error:
        return Unsure(str(error))


def record_key(key: str, to: Post) -> str:
    """Return a TID: within an hour after the post that is answered, the rest is the reply's own key."""
    digest = hashlib.sha256(f"{key} {to.id}".encode()).digest()
    seen = moment(to.extra.get("indexed_at")) or to.posted_at
    micros = max(0, int(seen.timestamp() * 1_000_000)) + int.from_bytes(digest[:8]) % _HOUR
    number = (min(micros, 2**53 - 1) << 10) | int.from_bytes(digest[8:10]) % 1024
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(60, -1, -5))


def _references(channel: Bluesky, to: Post) -> dict[str, dict[str, str]]:
    """Return root and parent; asked for where the post was heard without them (an import)."""
    parent = {"uri": to.id, "cid": str(to.extra.get("cid") or "")}
    root = to.extra.get("root")
    if not parent["cid"]:
        said = channel.session.read("post", "app.bsky.feed.getPosts", {"uris": [to.id]})
        view = next((item for item in views_of(said, "posts", "post") if item.get("uri") == to.id), None)
        if view is None:
            raise HttpError("the post is gone, or hidden from this account", permanent=True, status=404)
        parent["cid"] = str(view.get("cid") or "")
        root = reference(view.get("record") or {}, "root")
    return {"root": dict(root) if isinstance(root, Mapping) and root.get("cid") else parent, "parent": parent}


def _among_ours(channel: Bluesky, attempt: Attempt) -> Sent | Absent | Unsure:
    place: dict[str, str] = {}
    for _ in range(PAGES):
        asked = {"repo": channel.did, "collection": COLLECTION, "limit": str(RECENT), **place}
        said = channel.session.read("own records", "com.atproto.repo.listRecords", asked)
        records = [item for item in said.get("records") or [] if isinstance(item, Mapping)]
        for item in records:
            value = item.get("value") if isinstance(item.get("value"), Mapping) else {}
            parent = reference(value or {}, "parent")
            made = _made(item)
            if (
                parent is not None
                and parent["uri"] == attempt.to.id
                and str((value or {}).get("text") or "").split() == attempt.text.split()
                and (made is None or made >= attempt.since - CLOCKS)
            ):
                return _sent(channel, str(item.get("uri")), made)
        if not said.get("cursor") or not records:
            break
        place = {"cursor": str(said["cursor"])}
    return Absent()


def _made(item: Mapping[str, Any]) -> datetime | None:
    value = item.get("value")
    return moment(value.get("createdAt")) if isinstance(value, Mapping) else None


def _sent(channel: Bluesky, uri: str, at: datetime | None) -> Sent:
    return Sent(
        uri,
        f"{SITE}/profile/{channel.known.get('username') or channel.did}/post/{uri.rpartition('/')[2]}",
        at,
    )
