"""Answering on Reddit, once, and finding out afterwards whether an unclear call did post.

Reddit has no idempotency key, and in a quarantined subreddit it posts without saying so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from listener.channels.base import Absent, Attempt, Post, Sent, Unsure
from listener.channels.reddit.markdown import MOST, bare, escaped
from listener.channels.reddit.posts import MESSAGE, SITE, SUBMISSION, at_of, full_name
from listener.errors import ChannelError, HttpError

if TYPE_CHECKING:
    from listener.channels.reddit import Reddit

CLOCKS = timedelta(minutes=5)  # how far Reddit's clock may be off ours
PAGES = 3


def reply(channel: Reddit, to: Post, text: str) -> Sent:
    """Post the reply. Raises ChannelError; an HttpError says whether it may have been delivered."""
    from listener.channels.reddit.client import BY_HAND, refused, unreadable  # noqa: PLC0415 - loads praw

    body = escaped(text)
    if len(body) > MOST:
        raise ChannelError(
            f"{len(body)} characters as Reddit gets it (some are escaped); it allows {MOST:,}",
            permanent=True,
            hint="Shorten it.",
        )
    try:
        answer = channel.call("reply", "POST", "api/comment/", data={"text": body, "thing_id": to.id})
    except HttpError as error:
        if error.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            error.hint = BY_HAND
        raise
    said = answer.get("json") if isinstance(answer, Mapping) else None
    if not isinstance(said, Mapping):
        raise unreadable("reply")
    if said.get("errors"):
        raise refused(said["errors"])
    things = (said.get("data") or {}).get("things") or []
    if not things:
        raise HttpError("reply: Reddit does not say whether it posted (a quarantined subreddit)")
    return _sent(things[0], to)


def find(channel: Reddit, attempt: Attempt) -> Sent | Absent | Unsure:
    """Look through our own comments, then below the post; Absent only when both could be read."""
    try:
        channel.learn()
        for thing in _candidates(channel, attempt):
            data = thing.get("data") or {}
            if (
                str(data.get("parent_id")) == attempt.to.id
                and str(data.get("author") or "").lower() in channel.ours
                and at_of(data) >= attempt.since - CLOCKS
                and bare(str(data.get("body") or "")) == bare(attempt.text)
            ):
                return _sent(thing, attempt.to)
    except ChannelError as error:
        return Unsure(str(error))
    return Absent()


def _candidates(channel: Reddit, attempt: Attempt) -> Iterator[Mapping[str, Any]]:
    message = attempt.to.id.startswith(f"{MESSAGE}_")
    path = "/message/sent" if message else f"/user/{channel.known['username']}/comments"
    after: dict[str, str] = {}
    for _ in range(PAGES):
        data = channel.ask("own comments", path, limit=100, sort="new", **after)
        children = data.get("children") or []
        yield from children
        if (
            not data.get("after")
            or not children
            or at_of(children[-1].get("data") or {}) < attempt.since - CLOCKS
        ):
            break
        after = {"after": str(data["after"])}
    thread = _link(attempt.to)
    if message or not thread:
        return
    try:
        parts = channel.call("thread", "GET", f"/comments/{thread}", params={"sort": "new", "limit": 500})
    except HttpError as error:
        if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
            raise
        return  # gone or private meanwhile: our own comments were all there is to look at
    for part in parts if isinstance(parts, list) else []:
        yield from _below(part)


def _below(listing: Any) -> Iterator[Mapping[str, Any]]:
    """Yield all comments of a tree; depth is bounded by what Reddit sends."""
    waiting = [listing]
    while waiting:
        data = waiting.pop().get("data") or {}
        for child in data.get("children") or []:
            if isinstance(child, Mapping):
                yield child
                replies = (child.get("data") or {}).get("replies")
                if isinstance(replies, Mapping):
                    waiting.append(replies)


def _sent(thing: Mapping[str, Any], to: Post) -> Sent:
    data = thing.get("data") or {}
    name = full_name(thing)
    thread = str(data.get("link_id") or "").partition("_")[2] or _link(to)
    path = str(data.get("permalink") or "")
    if not path and thread and not name.startswith(MESSAGE):
        path = f"/comments/{thread}/_/{name.partition('_')[2]}/"
    return Sent(name, f"{SITE}{path}" if path else None, at_of(data))


def _link(to: Post) -> str:
    """Return the number of the post that a comment stands below, or of the post itself."""
    found = str(to.extra.get("link_id") or (to.id if to.id.startswith(SUBMISSION) else to.thread_id) or "")
    return found.partition("_")[2] if found.startswith(SUBMISSION) else ""
