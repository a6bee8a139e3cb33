"""Reddit's things (posts t3, comments t1, messages t4) and RSS entries → our posts. No network.

https://www.reddit.com/dev/api . Ids are full names (`t1_abc`): kind and number together are unique.

Thousands may write below one post, and one of them about us. So the post is the thread only where its title is about
us; elsewhere a comment begins a thread of its own, and what answers it belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from listener.channels.base import Post, PostAuthor
from listener.text import from_html

SITE = "https://www.reddit.com"
NOBODY = frozenset({"[deleted]", "[removed]", ""})
COMMENT, MESSAGE, SUBMISSION = "t1", "t4", "t3"
_THREAD = re.compile(r"/comments/([a-z0-9]+)/")
_BODY = re.compile(r'<div class="md">(.*)</div>', re.DOTALL)


def nothing(title: str) -> bool:
    """Stand in for "is this title about us" where nobody asks."""
    del title
    return False


def post_of(
    thing: Mapping[str, Any],
    *,
    ours: frozenset[str],
    addressed: bool = False,
    about: Callable[[str], bool] = nothing,
) -> Post | None:
    """Return the post of a thing, None for one that was deleted or is of another kind.

    `ours`: our account's names, lower case. `addressed`: it comes from our inbox. `about`: whether a title is about us.
    """
    kind, data = str(thing.get("kind")), thing.get("data")
    if not isinstance(data, Mapping) or not (data.get("name") or data.get("id")):
        return None
    if kind == SUBMISSION:
        return _submission(data, ours)
    if kind in {COMMENT, MESSAGE} and not gone(data):
        return _answer(kind, data, ours, addressed=addressed, about=about)
    return None


def gone(data: Mapping[str, Any]) -> bool:
    """Say whether the author or a moderator took it away; a post by a deleted account stays."""
    if "title" in data:
        return str(data.get("selftext")) in {"[deleted]", "[removed]"} or bool(
            data.get("removed_by_category")
        )
    return str(data.get("body")) in {"[deleted]", "[removed]"}


def at_of(data: Mapping[str, Any]) -> datetime:
    """Return when it was made, by Reddit's clock."""
    try:
        return datetime.fromtimestamp(float(data["created_utc"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)


def full_name(thing: Mapping[str, Any]) -> str:
    """Return `t1_abc`."""
    data = thing.get("data") or {}
    return str(data.get("name") or f"{thing.get('kind')}_{data.get('id')}")


def from_entry(
    entry: Mapping[str, Any], *, ours: frozenset[str], about: Callable[[str], bool] = nothing
) -> Post | None:
    """Return the post of an entry of `search.rss` or `comments/.rss`, as feedparser reads it."""
    name = str(entry.get("id") or "").rpartition("/")[2]
    kind = name.partition("_")[0]
    if kind not in {COMMENT, SUBMISSION}:
        return None
    contents = [str(part.get("value") or "") for part in entry.get("content") or []]
    body = _BODY.search(max([*contents, str(entry.get("summary") or "")], key=len))
    link = str(entry.get("link") or "")
    title = from_html(str(entry.get("title") or ""))
    handle = str(entry.get("author") or "").removeprefix("/u/")
    text = from_html(body[1]) if body else ""
    made = Post(
        id=name,
        text=text or title,
        title=title,
        posted_at=_parsed(entry),
        author=_author(handle),
        url=link or None,
        thread_id=name,
        own=handle.lower() in ours,
        raw={key: value for key, value in entry.items() if not key.endswith("_parsed")},
    )
    if kind == SUBMISSION:
        return made
    if text in NOBODY:
        return None
    title, below = title.partition(" on ")[2], _link_in(urlsplit(link).path)
    thread = _thread(name, None, below, about(title))
    return replace(
        made,
        kind="comment",
        title=None,
        parent_text=title or None,
        thread_id=thread,
        extra={"link_id": below},
    )


def _submission(data: Mapping[str, Any], ours: frozenset[str]) -> Post | None:
    origin = data.get("crosspost_parent_list") or []
    if data.get("crosspost_parent") and origin and isinstance(origin[0], Mapping):
        return post_of({"kind": SUBMISSION, "data": origin[0]}, ours=ours)
    if gone(data):
        return None
    name = str(data.get("name") or f"{SUBMISSION}_{data['id']}")
    link = "" if data.get("is_self") else str(data.get("url") or "")
    words = [str(data.get("selftext") or ""), link if link.startswith("http") else ""]
    title = str(data.get("title") or "")
    counts = {
        "likes": data.get("score"),
        "replies": data.get("num_comments"),
        "reposts": data.get("num_crossposts"),
    }
    return replace(
        _common(name, data, ours),
        text="\n".join(part for part in words if part) or title,
        title=title or None,
        kind="post",
        thread_id=name,
        repost_of=str(data["crosspost_parent"]) if data.get("crosspost_parent") else None,
        engagement={key: int(value) for key, value in counts.items() if isinstance(value, int)},
        media=({"type": "link", "url": link, "alt": None},) if link else (),
    )


def _answer(
    kind: str, data: Mapping[str, Any], ours: frozenset[str], *, addressed: bool, about: Callable[[str], bool]
) -> Post:
    name = str(data.get("name") or f"{kind}_{data['id']}")
    message = kind == MESSAGE
    text, title = str(data.get("body") or ""), str(data.get("link_title") or "")
    parent = str(data.get("parent_id") or "") or None
    below = str(data.get("link_id") or "") or _link_in(
        str(data.get("permalink") or data.get("context") or "")
    )
    called = any(re.search(rf"(?<!\w)u/{re.escape(one)}(?![\w-])", text, re.IGNORECASE) for one in ours)
    made = _common(name, data, ours)
    return replace(
        made,
        text=text,
        title=str(data.get("subject") or "") or None if message else None,
        kind="message" if message else "comment",
        thread_id=str(data.get("first_message_name") or name)
        if message
        else _thread(name, parent, below, about(title)),
        parent_id=parent,
        parent_text=title or None,
        addressed_to_us=addressed or called,
        visibility="private" if message else "public",
        engagement={"likes": int(data["score"])} if isinstance(data.get("score"), int) else {},
        extra={**made.extra, "link_id": below},
    )


def _thread(name: str, parent: str | None, below: str | None, is_about_us: bool) -> str | None:  # noqa: FBT001
    """None: the thread of the comment it answers, which only the store knows."""
    if is_about_us and below:
        return below
    return None if parent and parent.startswith(f"{COMMENT}_") else name


def _link_in(path: str) -> str | None:
    found = _THREAD.search(path + "/")
    return f"{SUBMISSION}_{found[1]}" if found else None


def _common(name: str, data: Mapping[str, Any], ours: frozenset[str]) -> Post:
    author = str(data.get("author") or "")
    edited = data.get("edited")
    path = str(data.get("permalink") or data.get("context") or "").partition("?")[0]
    return Post(
        id=name,
        text="",
        posted_at=at_of(data),
        author=_author(author),
        url=f"{SITE}{path}"
        if path
        else (f"{SITE}/message/messages/{data.get('id')}" if name[:2] == MESSAGE else None),
        own=author.lower() in ours,
        edited_at=datetime.fromtimestamp(edited, UTC)
        if isinstance(edited, int | float) and not isinstance(edited, bool) and 0 < edited < 1e11  # noqa: PLR2004
        else None,
        extra={
            "subreddit": str(data.get("subreddit") or ""),
            "locked": bool(data.get("locked")),
            "archived": bool(data.get("archived")),
        },
        raw=dict(data),
    )


def _author(handle: str) -> PostAuthor | None:
    """The handle is the identity: it never changes, and the account's number is missing in some listings."""
    if handle in NOBODY:
        return None
    return PostAuthor(id=handle.lower(), handle=handle, url=f"{SITE}/user/{handle}")


def _parsed(entry: Mapping[str, Any]) -> datetime:
    for name in ("published", "updated"):
        try:
            return datetime.fromisoformat(str(entry[name])).astimezone(UTC)
        except (KeyError, ValueError, OverflowError):
            continue
    return datetime.now(UTC)
