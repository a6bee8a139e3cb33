"""YouTube's comment threads and comments → our posts. No network.

https://developers.google.com/youtube/v3/docs/comments . A thread is its first comment, under the same id; replies are
one level deep. `textOriginal` is what was typed, and is only given to some.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from listener.channels.base import Post, PostAuthor
from listener.instants import instant


def posts_of(thread: Mapping[str, Any], *, ours: frozenset[str], addressed: bool) -> list[Post]:
    """Return the posts of a thread: its first comment, then the replies that came with it."""
    said = thread.get("snippet") or {}
    top = said.get("topLevelComment") or {}
    video = str(said.get("videoId") or "")
    first = post_of(
        {**top, "id": top.get("id") or thread.get("id")},
        ours=ours,
        video=video,
        addressed=addressed,
        channel=str(said.get("channelId") or ""),
    )
    told = {**first.extra, "can_reply": said.get("canReply") is not False}
    count = said.get("totalReplyCount")
    engagement = {**first.engagement, **({"replies": count} if isinstance(count, int) else {})}
    first = replace(first, extra=told, engagement=engagement, raw=dict(thread))
    replies = (thread.get("replies") or {}).get("comments") or []
    return [first, *(reply_of(reply, first, ours=ours) for reply in replies)]


def reply_of(comment: Mapping[str, Any], first: Post, *, ours: frozenset[str]) -> Post:
    """Return the post of a reply in the thread of `first`."""
    video, channel = str(first.extra.get("video") or ""), str(first.extra.get("channel") or "")
    made = post_of(comment, ours=ours, video=video, addressed=first.addressed_to_us, channel=channel)
    told = {**made.extra, "can_reply": first.extra.get("can_reply", True)}
    return replace(made, thread_id=first.id, parent_id=first.id, parent_text=first.text, extra=told)


def post_of(
    comment: Mapping[str, Any], *, ours: frozenset[str], video: str, addressed: bool, channel: str = ""
) -> Post:
    """Return the post of a comment. `ours`: ids of our channels, lower case."""
    said = comment.get("snippet") or {}
    number = str(comment["id"])
    author = str((said.get("authorChannelId") or {}).get("value") or "")
    name = str(said.get("authorDisplayName") or "")
    created, changed = instant(said.get("publishedAt")), instant(said.get("updatedAt"))
    parent = str(said.get("parentId") or "") or None
    video = video or str(said.get("videoId") or "")
    channel = channel or str(said.get("channelId") or "")
    return Post(
        id=number,
        text=str(said.get("textOriginal") or said.get("textDisplay") or ""),
        posted_at=created or datetime.now(UTC),
        kind="comment",
        author=PostAuthor(
            author or name,
            handle=name.removeprefix("@") or None,
            name=name or None,
            url=said.get("authorChannelUrl") or None,
        )
        if author or name
        else None,
        url=url_of(number, video, channel),
        thread_id=parent or number,
        parent_id=parent,
        edited_at=changed if changed and created and changed > created else None,
        addressed_to_us=addressed,
        own=author.lower() in ours,
        engagement={"likes": likes} if isinstance(likes := said.get("likeCount"), int) else {},
        extra={"video": video or None, "channel": channel or None},
        raw=dict(comment),
    )


def url_of(number: str, video: str, channel: str) -> str | None:
    """Return the address of a comment: under its video, else the channel's own page."""
    if video:
        return f"https://www.youtube.com/watch?v={quote(video, safe='')}&lc={quote(number, safe='')}"
    return f"https://www.youtube.com/channel/{quote(channel, safe='')}" if channel else None
