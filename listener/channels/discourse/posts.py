"""Discourse's posts → our posts. No network.

The words of others that a post quotes are kept apart. A topic is the thread; what a post answers is only known as its
number within the topic, so `parent_id` stays open and the number goes into `extra`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from listener.channels.base import Gone, Post, PostAuthor
from listener.text import from_html

_QUOTE = re.compile(r"<aside[^>]*class=\"quote.*?</aside>", re.DOTALL)
_WRITTEN = frozenset(
    {1, 2}
)  # post_type: regular, moderator's; 3 is "closed this topic", 4 a whisper among staff


def post_of(
    said: Mapping[str, Any], *, base_url: str, instance: str, ours: frozenset[str]
) -> Post | Gone | None:
    """Return the post, Gone for one that was deleted or hidden, None for what no person wrote."""
    number = str(said["id"])
    if said.get("deleted_at") or said.get("user_deleted") or said.get("hidden"):
        return Gone(number, instance)
    if int(said.get("post_type") or 1) not in _WRITTEN:
        return None
    username = str(said.get("username") or "")
    cooked = str(said.get("cooked") or "")
    quotes = _QUOTE.findall(cooked)
    written = moment(said.get("created_at")) or datetime.now(UTC)
    changed = moment(said.get("updated_at"))
    title = said.get("topic_title") or said.get("title")
    topic, place = said.get("topic_id"), int(said.get("post_number") or 1)
    return Post(
        id=number,
        text=from_html(_QUOTE.sub("", cooked)) or str(said.get("raw") or "") or str(said.get("blurb") or ""),
        posted_at=written,
        instance=instance,
        kind="post" if place == 1 else "comment",
        author=PostAuthor(username, username, said.get("name") or None, f"{base_url}/u/{quote(username)}")
        if username
        else None,
        title=str(title) if title else None,
        url=f"{base_url}/t/{said.get('topic_slug') or '-'}/{topic}/{place}" if topic else None,
        thread_id=f"topic:{topic}" if topic else None,
        parent_text="\n\n".join(filter(None, map(from_html, quotes))) or None,
        addressed_to_us=any(f"@{name}" in _mentioned(cooked) for name in ours),
        own=username.lower() in ours,
        edited_at=changed if int(said.get("version") or 1) > 1 else None,
        engagement=_counts(said),
        extra={
            "topic_id": topic,
            "post_number": place,
            "reply_to_post_number": said.get("reply_to_post_number"),
        },
        raw=dict(said),
    )


def moment(value: object) -> datetime | None:
    """Return an instant of the API (ISO 8601)."""
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except ValueError:
        return None


def _mentioned(cooked: str) -> set[str]:
    return {name.lower() for name in re.findall(r"<a class=\"mention\"[^>]*>(@[^<]+)</a>", cooked)}


def _counts(said: Mapping[str, Any]) -> dict[str, int]:
    likes = next((one.get("count") for one in said.get("actions_summary") or [] if one.get("id") == 2), None)  # noqa: PLR2004 - "like"
    found = {
        "likes": likes if likes is not None else said.get("like_count"),
        "replies": said.get("reply_count"),
    }
    return {name: value for name, value in found.items() if isinstance(value, int)}
