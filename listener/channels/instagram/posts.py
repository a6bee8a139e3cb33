"""Instagram's comments, media and webhook values → our posts. No network.

https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/comments . A comment has no address of
its own: the link leads to the picture or film it stands under, which is also its thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from listener.channels.base import Post, PostAuthor
from listener.meta.graph import data, moment

REPLY_FIELDS = "id,text,timestamp,username,from,like_count,hidden"
COMMENT_FIELDS = f"{REPLY_FIELDS},parent_id,replies.limit(50){{{REPLY_FIELDS}}}"
TAG_FIELDS = "id,caption,timestamp,username,permalink,media_type,comments_count,like_count"
MENTIONED_COMMENT = "id,text,timestamp,username,like_count,media{id,permalink,caption}"
MENTIONED_MEDIA = "id,caption,timestamp,username,permalink,media_type,like_count,comments_count"


def comments_of(said: Mapping[str, Any], *, ours: frozenset[str], media: Mapping[str, Any]) -> list[Post]:
    """Return a comment and the answers to it. `media`: id, permalink and caption of what it stands under."""
    answers = [
        {"parent_id": said["id"]} | dict(one) for one in data(said.get("replies") or {}) if one.get("id")
    ]
    return [comment_of(one, ours=ours, media=media) for one in (said, *answers)]


def comment_of(
    said: Mapping[str, Any],
    *,
    ours: frozenset[str],
    media: Mapping[str, Any],
    at: datetime | None = None,
    mention: bool = False,
) -> Post:
    """Return the post of a comment. `at`: when it was delivered; `mention`: under somebody else's post, naming us."""
    who = said.get("from") or said.get("user") or {}
    handle = str(said.get("username") or who.get("username") or "")
    number = str(who.get("id") or handle)
    thread, root = str(media.get("id") or "") or None, str(said.get("parent_id") or "") or None
    own = bool({handle.lower(), number.lower()} & ours)
    return Post(
        id=str(said["id"]),
        text=str(said.get("text") or "") or "[comment without words]",
        posted_at=moment(said.get("timestamp")) or at or datetime.now(UTC),
        kind="comment",
        author=PostAuthor(number, handle or None, None, _profile(handle)) if number else None,
        url=media.get("permalink"),
        thread_id=thread,
        parent_id=root or thread,
        parent_text=media.get("caption"),
        addressed_to_us=not own,
        own=own,
        visibility="hidden" if said.get("hidden") else "public",
        engagement={"likes": said["like_count"]} if isinstance(said.get("like_count"), int) else {},
        extra={"object": "mention" if mention else "comment", "media_id": thread, "root": root},
        raw=dict(said),
    )


def media_of(said: Mapping[str, Any], *, ours: frozenset[str], mention: bool) -> Post:
    """Return the post of a picture or film of somebody else: we are named in its caption, or tagged in it."""
    handle = str(said.get("username") or "")
    counts = {"likes": said.get("like_count"), "replies": said.get("comments_count")}
    return Post(
        id=str(said["id"]),
        text=str(said.get("caption") or "")
        or f"[{str(said.get('media_type') or 'media').lower().replace('_', ' ')}]",
        posted_at=moment(said.get("timestamp")) or datetime.now(UTC),
        kind="post",
        author=PostAuthor(handle, handle, None, _profile(handle)) if handle else None,
        url=said.get("permalink"),
        thread_id=str(said["id"]),
        addressed_to_us=True,
        own=handle.lower() in ours,
        media=({"type": str(said["media_type"]).lower()},) if said.get("media_type") else (),
        engagement={name: value for name, value in counts.items() if isinstance(value, int)},
        extra={"object": "mention" if mention else "tag", "media_id": str(said["id"]), "root": None},
        raw=dict(said),
    )


def _profile(handle: str) -> str | None:
    return f"https://www.instagram.com/{handle}/" if handle else None
