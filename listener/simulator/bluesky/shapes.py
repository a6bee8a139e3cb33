"""Posts and people in the lexicons' JSON: app.bsky.feed.defs#postView, app.bsky.feed.post, facets in bytes."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from listener.simulator.bluesky import names
from listener.simulator.model import Account, Post
from listener.simulator.world import World

_FACET = re.compile(
    r"(?P<link>https?://\S+)|(?<!\w)@(?P<mention>[a-z0-9](?:[\w.-]*[a-z0-9])?)|(?<!\w)#(?P<tag>[^\W\d]\w*)",
    re.IGNORECASE,
)


def stamp(moment: datetime) -> str:
    """Return a moment as the protocol writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def person(who: Account) -> dict[str, Any]:
    """Return app.bsky.actor.defs#profileViewBasic."""
    return {
        "did": names.did_of(who), "handle": names.handle_of(who), "displayName": who.name,
        "viewer": {"muted": False, "blockedBy": False}, "labels": [], "createdAt": stamp(who.created_at),
    }  # fmt: skip


def record(post: Post, world: World) -> dict[str, Any]:
    """Return app.bsky.feed.post."""
    found: dict[str, Any] = {
        "$type": names.POST, "text": post.text, "createdAt": stamp(post.created_at), "langs": [post.language or "en"],
    }  # fmt: skip
    if post.parent is not None:
        found["reply"] = {"root": names.reference(post.root), "parent": names.reference(post.parent)}
    if marked := facets(post.text, world):
        found["facets"] = marked
    return found


def view(post: Post, world: World) -> dict[str, Any]:
    """Return app.bsky.feed.defs#postView."""
    return {
        **names.reference(post), "author": person(post.account), "record": record(post, world),
        "replyCount": post.answers, "repostCount": post.boosts, "likeCount": post.favourites, "quoteCount": 0,
        "indexedAt": stamp(post.heard_at), "viewer": {"threadMuted": False}, "labels": [],
    }  # fmt: skip


def kept(post: Post, world: World) -> dict[str, Any]:
    """Return a record as the repository shows it."""
    return {**names.reference(post), "value": record(post, world)}


def facets(text: str, world: World) -> list[dict[str, Any]]:
    """Return the links, tags and mentions of a text, by bytes."""
    found = []
    for match in _FACET.finditer(text):
        feature: dict[str, str] = {}
        if match["link"]:
            feature = {"$type": "app.bsky.richtext.facet#link", "uri": match["link"]}
        elif match["tag"]:
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": match["tag"]}
        elif (who := names.account(world, match["mention"])) is not None:
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": names.did_of(who)}
        if feature:
            start, end = (len(text[:at].encode()) for at in match.span())
            found.append({"index": {"byteStart": start, "byteEnd": end}, "features": [feature]})
    return found
