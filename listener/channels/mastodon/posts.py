"""Mastodon's statuses → our posts. No network.

Entity: https://docs.joinmastodon.org/entities/Status/ . A boost is the post it repeats: its status carries the
original in full, with the number of boosts, so it is stored as the original and never as a complaint of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from listener.channels.base import Post, PostAuthor
from listener.text import from_html as plain

SNOWFLAKE_BITS = 16  # an id is milliseconds since 1970 shifted by 16 bits
ONE_SECOND = 1000 << SNOWFLAKE_BITS


def post_of(
    status: Mapping[str, Any], *, instance: str, ours: frozenset[str], addressed: bool = False
) -> Post:
    """Return the post of a status. `ours`: ids and handles of our account there, lower case."""
    if status.get("reblog"):
        status = status["reblog"]
    account = status.get("account") or {}
    acct = str(account.get("acct") or "")
    mentions = [
        {"id": str(item.get("id")), "acct": str(item.get("acct"))}
        for item in status.get("mentions") or []
        if item
    ]
    quoted = status.get("quote") or {}
    return Post(
        id=str(status["id"]),
        text=words(status),
        posted_at=moment(status.get("created_at")) or datetime.now(UTC),
        instance=instance,
        kind="comment" if status.get("in_reply_to_id") else "post",
        author=PostAuthor(
            id=str(account.get("id") or acct or "unknown"),
            handle=acct or None,
            name=account.get("display_name") or None,
            url=account.get("url"),
            followers=account.get("followers_count"),
        )
        if account
        else None,
        title=plain(status.get("spoiler_text") or "") or None,
        url=status.get("url") or status.get("uri"),
        language=status.get("language"),
        parent_id=str(status["in_reply_to_id"]) if status.get("in_reply_to_id") else None,
        quoted_id=str(quoted["id"]) if isinstance(quoted, Mapping) and quoted.get("id") else None,
        addressed_to_us=addressed
        or any(item["id"] in ours or item["acct"].lower() in ours for item in mentions),
        own=str(account.get("id")) in ours or (bool(acct) and acct.lower() in ours),
        edited_at=moment(status.get("edited_at")),
        visibility=status.get("visibility") or "public",
        media=tuple(
            {"type": str(item.get("type")), "url": item.get("url"), "alt": item.get("description")}
            for item in status.get("media_attachments") or []
        ),
        engagement={
            name: int(status[field])
            for name, field in (
                ("reposts", "reblogs_count"),
                ("likes", "favourites_count"),
                ("replies", "replies_count"),
            )
            if isinstance(status.get(field), int)
        },
        extra={
            "acct": acct,
            "visibility": status.get("visibility") or "public",
            "spoiler": status.get("spoiler_text"),
        },
        raw=dict(status),
    )


def words(status: Mapping[str, Any]) -> str:
    """Return what a status says: its text, then the choices of its poll, then the alternative texts of its pictures."""
    parts = [plain(status.get("content") or "")]
    poll = status.get("poll")
    if isinstance(poll, Mapping):
        parts += [f"- {plain(str(option.get('title') or ''))}" for option in poll.get("options") or []]
    if not parts[0]:
        parts += [
            item["description"] for item in status.get("media_attachments") or [] if item.get("description")
        ]
    return "\n".join(part for part in parts if part)


def moment(value: object) -> datetime | None:
    """Return an instant of the API, which Mastodon.py may already have parsed."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str) and value:
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError:
            return None
    return None


def snowflake(at: datetime) -> int:
    """Return the smallest status id of an instant (https://docs.joinmastodon.org/api/guidelines/#pagination)."""
    return int(at.timestamp() * 1000) << SNOWFLAKE_BITS


def host_of(base_url: str) -> str:
    """Return host[:port] of an instance: within it ids are unique."""
    return urlsplit(base_url).netloc.lower()
