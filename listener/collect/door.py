"""The door: turns a channel's post into a clean row. Everything that is stored passes here once, and only here.

No database and no network. Platform ids and names are bounded by the columns, because PostgreSQL refuses what
SQLite swallows.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from listener.channels.base import MayReply, Post, PostAuthor
from listener.recheck import periods
from listener.text import clean, fingerprint

ID_LENGTH, AUTHOR_ID_LENGTH, NAME_LENGTH, LANGUAGE_LENGTH = 300, 200, 200, 12
LINK_LENGTH = 4000


@dataclass(frozen=True, slots=True)
class Entry:
    """A post that is to be stored, with what was decided about it."""

    post: Post
    may_reply: MayReply
    query_id: int | None = None


def cleaned(post: Post) -> Post:
    """Return the post with every human-written string cleaned and every id within its column."""
    return replace(
        post,
        id=bounded(clean(post.id), ID_LENGTH),
        instance=clean(post.instance)[:NAME_LENGTH],
        text=clean(post.text),
        title=_line(post.title),
        posted_at=_aware(post.posted_at),
        edited_at=_aware(post.edited_at) if post.edited_at else None,
        author=_author(post.author) if post.author else None,
        url=_line(post.url, LINK_LENGTH),
        language=_line(post.language, LANGUAGE_LENGTH),
        thread_id=_id(post.thread_id),
        parent_id=_id(post.parent_id),
        repost_of=_id(post.repost_of),
        quoted_id=_id(post.quoted_id),
        parent_text=_line(post.parent_text),
        existing_reply=_line(post.existing_reply),
        media=tuple(_plain(dict(item)) for item in post.media),
        extra=_plain(dict(post.extra)),
    )


def mention_row(
    channel: str, entry: Entry, *, author_id: int | None, at: datetime, history: bool, recheck: bool = True
) -> dict[str, Any]:
    """Return the columns of `mention` for a post that was already `cleaned`."""
    post = entry.post
    return {
        "channel": channel,
        "instance": post.instance,
        "external_id": post.id,
        "kind": post.kind,
        "author_id": author_id,
        "title": post.title,
        "text": post.text,
        "fingerprint": fingerprint(f"{post.title or ''} {post.text}"),  # finds copies, whoever posts them
        "url": post.url,
        "language": post.language,
        "rating": post.rating,
        "rating_scale": post.rating_scale,
        "thread_id": post.thread_id or post.parent_id or post.id,
        "parent_id": post.parent_id,
        "parent_text": post.parent_text,
        "repost_of": post.repost_of,
        "quoted_id": post.quoted_id,
        "addressed_to_us": post.addressed_to_us,
        "visibility": post.visibility[:20],
        "media": list(post.media),
        "engagement": dict(post.engagement),
        "reposts": int(post.engagement.get("reposts", 0)),
        "extra": dict(post.extra),
        "reply_mode": entry.may_reply.mode.value,
        "reply_reason": entry.may_reply.reason,
        "existing_reply": post.existing_reply,
        "posted_at": post.posted_at,
        "edited_at": post.edited_at,
        "collected_at": at,
        "history": history,
        "recheck_at": _recheck_at(channel, post, at) if recheck and not history else None,
        "stage": "collected",
        "revision": 1,
        "attempts": 0,
    }


def _recheck_at(channel: str, post: Post, at: datetime) -> datetime | None:
    if not periods.askable(channel, post.id):
        return None
    return periods.following(at, posted_at=post.posted_at, collected_at=at, edited_at=post.edited_at)


def packed(raw: object) -> bytes:
    """Return the raw answer of a platform as gzip JSON; what JSON does not know is written as text."""
    return gzip.compress(
        json.dumps(raw, default=str, ensure_ascii=False).encode("utf-8", "replace"), 6, mtime=0
    )


def bounded(text: str, length: int) -> str:
    """Return an id that fits its column: a longer one is replaced by its hash, so that it stays unique."""
    return text if len(text) <= length else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _id(value: str | None) -> str | None:
    return bounded(clean(value), ID_LENGTH) if value else None


def _line(value: str | None, length: int | None = None) -> str | None:
    return (clean(value)[:length] or None) if value else None


def _author(author: PostAuthor) -> PostAuthor:
    return replace(
        author,
        id=bounded(clean(author.id), AUTHOR_ID_LENGTH),
        handle=_line(author.handle, NAME_LENGTH),
        name=_line(author.name, NAME_LENGTH),
        url=_line(author.url, LINK_LENGTH),
    )


def _aware(value: datetime) -> datetime:
    """A channel that gives no zone means UTC: the platforms that omit it document it so."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _plain(value: Any) -> Any:
    """Clean every string inside a JSON value: a NUL or a lone surrogate breaks PostgreSQL's JSON too."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value
