"""Bluesky's posts → our posts. No network.

Lexicons: app.bsky.feed.defs#postView, app.bsky.notification.listNotifications#notification, app.bsky.feed.post. The id
is the at-uri; whoever answers needs two strong references (uri and cid): the post's own and that of its thread's root.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from listener.channels.base import Post, PostAuthor
from listener.channels.bluesky.richtext import expanded, features

SITE = "https://bsky.app"
_COUNTS = (
    ("reposts", "repostCount"),
    ("likes", "likeCount"),
    ("replies", "replyCount"),
    ("quotes", "quoteCount"),
)


def post_of(view: Mapping[str, Any], *, ours: frozenset[str], addressed: bool = False) -> Post | None:
    """Return the post of a view or of a notification; None for what is none. `ours`: our DID and handle, lower case."""
    record, author = view.get("record"), view.get("author")
    uri = str(view.get("uri") or "")
    if not isinstance(record, Mapping) or not isinstance(author, Mapping) or not uri.startswith("at://"):
        return None
    did, handle = str(author.get("did") or ""), str(author.get("handle") or "")
    handle = "" if handle == "handle.invalid" else handle
    root, parent = reference(record, "root"), reference(record, "parent")
    quoted = _quoted(record.get("embed"))
    named = {str(feature.get("did") or "").lower() for feature in features(record.get("facets"))}
    to_us = bool(named & ours) or any(
        _did(item) in ours for item in ((parent or {}).get("uri"), quoted) if item
    )
    return Post(
        id=uri,
        text=words(record),
        posted_at=moment(record.get("createdAt")) or moment(view.get("indexedAt")) or datetime.now(UTC),
        kind="comment" if parent else "post",
        author=PostAuthor(
            id=did,
            handle=handle or None,
            name=str(author.get("displayName") or "") or None,
            url=f"{SITE}/profile/{handle or did}",
        )
        if did
        else None,
        url=f"{SITE}/profile/{handle or did}/post/{uri.rpartition('/')[2]}",
        language=next((str(tag) for tag in _listed(record.get("langs"))), None),
        thread_id=root["uri"] if root else uri,
        parent_id=parent["uri"] if parent else None,
        quoted_id=quoted,
        addressed_to_us=addressed or to_us,
        own=did.lower() in ours,
        media=tuple(_media(view.get("embed"))),
        engagement={name: int(view[field]) for name, field in _COUNTS if isinstance(view.get(field), int)},
        extra={
            "cid": str(view.get("cid") or ""),
            "root": root,
            "indexed_at": str(view.get("indexedAt") or ""),
            "closed": _closed(view, author),
        },
        raw=dict(view),
    )


def words(record: Mapping[str, Any]) -> str:
    """Return what a post says: its text with whole links, or else what its pictures and its link card say."""
    text = expanded(str(record.get("text") or ""), record.get("facets")).strip()
    if text:
        return text
    embed = record.get("embed")
    if isinstance(embed, Mapping) and isinstance(embed.get("media"), Mapping):
        embed = embed["media"]
    if not isinstance(embed, Mapping):
        return ""
    card = embed.get("external")
    parts = [card.get("title"), card.get("description"), card.get("uri")] if isinstance(card, Mapping) else []
    parts += [item.get("alt") for item in _listed(embed.get("images")) if isinstance(item, Mapping)]
    parts.append(embed.get("alt"))
    return "\n".join(str(part) for part in parts if part)


def reference(record: Mapping[str, Any], name: str) -> dict[str, str] | None:
    """Return the strong reference `root` or `parent` of a reply."""
    reply = record.get("reply")
    found = reply.get(name) if isinstance(reply, Mapping) else None
    if not isinstance(found, Mapping) or not found.get("uri"):
        return None
    return {"uri": str(found["uri"]), "cid": str(found.get("cid") or "")}


def sorted_at(view: Mapping[str, Any]) -> datetime:
    """Return the time Bluesky sorts by: the author's word, but never later than the server saw the post."""
    record = view.get("record")
    seen = moment(view.get("indexedAt")) or datetime.now(UTC)
    said = moment(record.get("createdAt")) if isinstance(record, Mapping) else None
    return min(seen, said) if said else seen


def moment(value: object) -> datetime | None:
    """Return an instant of the API."""
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def _closed(view: Mapping[str, Any], author: Mapping[str, Any]) -> str | None:
    """Say why our answer would not be shown: Bluesky stores it all the same, so it has to be known before."""
    viewer, person = view.get("viewer"), author.get("viewer")
    if isinstance(person, Mapping) and (person.get("blockedBy") or person.get("blocking")):
        return "blocked"
    if isinstance(viewer, Mapping) and viewer.get("replyDisabled"):
        return "limited"
    return None


def _quoted(embed: object) -> str | None:
    if not isinstance(embed, Mapping):
        return None
    record = embed.get("record")
    if isinstance(record, Mapping) and isinstance(record.get("record"), Mapping):
        record = record["record"]
    uri = record.get("uri") if isinstance(record, Mapping) else None
    return str(uri) if isinstance(uri, str) and "/app.bsky.feed.post/" in uri else None


def _media(embed: object) -> Iterable[Mapping[str, Any]]:
    if not isinstance(embed, Mapping):
        return
    if isinstance(embed.get("media"), Mapping):
        yield from _media(embed["media"])
        return
    for item in _listed(embed.get("images")):
        if isinstance(item, Mapping):
            yield {"type": "image", "url": item.get("fullsize"), "alt": item.get("alt") or None}
    if embed.get("playlist"):
        yield {"type": "video", "url": embed.get("playlist"), "alt": embed.get("alt") or None}
    card = embed.get("external")
    if isinstance(card, Mapping):
        yield {"type": "link", "url": card.get("uri"), "alt": card.get("title") or None}


def _did(uri: str) -> str:
    return uri.removeprefix("at://").partition("/")[0].lower()


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
