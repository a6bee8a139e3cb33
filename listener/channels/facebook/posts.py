"""Facebook's posts, comments and feed changes → our posts. No network.

https://developers.facebook.com/docs/graph-api/reference/comment . The thread of a comment is the post it stands under:
its id is the part before the last underscore, unless the API or the webhook names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from listener.channels.base import Gone, Post, PostAuthor
from listener.meta.graph import data, moment

POST_FIELDS = (
    "id,message,story,created_time,updated_time,permalink_url,from,status_type,"
    "attachments{media_type,title,description,url},comments.filter(stream).limit(0).summary(true),"
    "reactions.limit(0).summary(total_count),shares"
)
COMMENT_FIELDS = (
    "id,message,created_time,from,parent{id},permalink_url,comment_count,like_count,can_comment,is_hidden,"
    "attachment{type,title}"
)
_COMMENTS = frozenset({"comment"})
_POSTS = frozenset({"post", "status", "photo", "video", "share", "link", "album"})


def post_of(said: Mapping[str, Any], *, page: str, tagged: bool = False) -> Post:
    """Return the post of a post on the page, or of one elsewhere that names the page (`tagged`)."""
    files = data(said.get("attachments") or {})
    parts = [said.get("message") or said.get("story")]
    if not parts[0]:
        parts = [text for one in files for text in (one.get("title"), one.get("description")) if text]
    who = said.get("from") or {}
    own = str(who.get("id")) == page
    return Post(
        id=str(said["id"]),
        text="\n".join(str(part) for part in parts if part),
        posted_at=moment(said.get("created_time")) or datetime.now(UTC),
        kind="post",
        author=_author(who),
        url=said.get("permalink_url"),
        thread_id=str(said["id"]),
        addressed_to_us=not own,  # written on our page, or naming it
        own=own,
        media=tuple({"type": str(one.get("media_type") or "link"), "url": one.get("url")} for one in files),
        engagement=_counts(
            likes=_total(said.get("reactions")), replies=_total(said.get("comments")),
            reposts=(said.get("shares") or {}).get("count"),
        ),
        extra={"object": "post", "tagged": tagged},
        raw=dict(said),
    )  # fmt: skip


def comment_of(
    said: Mapping[str, Any], *, page: str, below: str | None = None, about: str | None = None
) -> Post:
    """Return the post of a comment. `below`, `about`: id and words of the post it stands under, where known."""
    number = str(said["id"])
    thread = below or number.rpartition("_")[0] or None
    parent = str((said.get("parent") or {}).get("id") or "")
    who = said.get("from") or {}
    attachment = said.get("attachment") or {}
    own = str(who.get("id")) == page
    return Post(
        id=number,
        text=str(said.get("message") or "") or f"[{attachment.get('type') or 'comment without words'}]",
        posted_at=moment(said.get("created_time")) or datetime.now(UTC),
        kind="comment",
        author=_author(who),
        url=said.get("permalink_url"),
        thread_id=thread,
        parent_id=parent or thread,
        parent_text=about,
        addressed_to_us=not own,
        own=own,
        visibility="hidden" if said.get("is_hidden") else "public",
        media=({"type": str(attachment["type"])},) if attachment.get("type") else (),
        engagement=_counts(likes=said.get("like_count"), replies=said.get("comment_count")),
        extra={"object": "comment", "parent": parent or None, "can_comment": said.get("can_comment", True)},
        raw=dict(said),
    )


def change_of(value: Mapping[str, Any], *, page: str) -> Post | Gone | None:
    """Return what a `feed` change says; None for likes and the like."""
    item, verb = str(value.get("item") or ""), str(value.get("verb") or "")
    if item not in _COMMENTS | _POSTS:
        return None
    number = value.get("comment_id") if item in _COMMENTS else value.get("post_id")
    if not number:
        return None
    if verb == "remove":
        return Gone(str(number))
    if verb not in {"add", "edit", "edited"}:  # hidden by us is not gone, and comes without its words
        return None
    thread = str(value.get("post_id") or "")
    parent = str(value.get("parent_id") or "")
    said = {
        "id": number, "message": value.get("message"), "created_time": value.get("created_time"),
        "from": value.get("from") or {}, "permalink_url": (value.get("post") or {}).get("permalink_url"),
        "parent": {"id": parent} if parent and parent != thread else {},
        "attachment": {"type": "photo"} if value.get("photo") else {},
    }  # fmt: skip
    return (
        comment_of(said, page=page, below=thread or None) if item in _COMMENTS else post_of(said, page=page)
    )


def _author(who: Mapping[str, Any]) -> PostAuthor | None:
    return PostAuthor(str(who["id"]), None, who.get("name")) if who.get("id") else None


def _total(said: Any) -> int | None:
    found = ((said or {}).get("summary") or {}).get("total_count")
    return found if isinstance(found, int) else None


def _counts(**found: Any) -> dict[str, int]:
    return {name: value for name, value in found.items() if isinstance(value, int)}
