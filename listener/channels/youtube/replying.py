"""Answering a comment, finding the answer of an unclear call, and re-reading comments.

A thread is one level deep: every answer hangs under its first comment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from listener import answers
from listener.api import Api
from listener.channels.base import Absent, Attempt, Gone, Post, Sent, Unsure
from listener.channels.youtube.listening import PATH, Listening
from listener.channels.youtube.posts import post_of, url_of
from listener.errors import ChannelError, HttpError
from listener.google import GoogleError
from listener.instants import instant

LENGTH = 10_000
AT_ONCE = 50  # ids of one request
CLOCKS = timedelta(minutes=5)  # how far YouTube's clock may be off ours
NOBODY: frozenset[str] = frozenset()
_REASONS = {
    "operationNotSupported": "YouTube does not take replies in this thread.",
    "parentCommentIsPrivate": "The comment is private.",
    "commentsDisabled": "Comments are switched off under this video.",
    "commentNotFound": "The comment was deleted.",
    "parentCommentNotFound": "The comment was deleted.",
    "ineligibleAccount": "The account has no YouTube channel that may comment.",
}


def compose(to: Post, text: str) -> str:
    """Return what will be public: below the first comment of a thread, its author is named in front."""
    handle = to.author.handle if to.author and (to.author.name or "").startswith("@") else None
    if not to.parent_id or not handle or f"@{handle}".casefold() in text.casefold():
        return text
    return f"@{handle} {text}"


def reply(api: Api, to: Post, text: str) -> Sent:
    """Post once. Raises ChannelError; an HttpError says whether it may have been delivered."""
    composed = compose(to, text)
    if len(composed) > LENGTH:
        message = f"{len(composed)} characters with the name in front; YouTube allows {LENGTH}"
        raise ChannelError(message, permanent=True, hint="Shorten it.")
    body = {"snippet": {"parentId": _thread(to), "textOriginal": composed}}
    try:
        made = api.write("POST", f"{PATH}/comments", body, {"part": "snippet"})
    except GoogleError as error:
        error.hint = _REASONS.get(error.reason, error.hint)
        raise
    number = str(made.get("id") or "")
    return Sent(number, url=_url(to, number), at=instant((made.get("snippet") or {}).get("publishedAt")))


def find(listening: Listening, attempt: Attempt, mine: str) -> Sent | Absent | Unsure:
    """Look through the thread's replies for ours. `mine`: the id of our channel."""
    to, ours = attempt.to, frozenset({mine.lower()})
    composed, earliest = compose(to, attempt.text), attempt.since - CLOCKS
    try:
        for comment in listening.replies(_thread(to)):
            post = post_of(comment, ours=ours, video="", addressed=False)
            if post.own and post.posted_at >= earliest and answers.same(post.text, composed):
                return Sent(post.id, url=_url(to, post.id), at=post.posted_at)
    except HttpError as error:
        return Absent() if error.status == HTTPStatus.NOT_FOUND else Unsure(str(error))
    except ChannelError as error:
        return Unsure(str(error))
    return Absent()


def refresh(api: Api, posts: Sequence[Post]) -> Iterator[Post | Gone]:
    """Re-read comments; one that is not given back is gone. Raises ChannelError."""
    for start in range(0, len(posts), AT_ONCE):
        batch = posts[start : start + AT_ONCE]
        asked = {
            "part": "snippet", "id": ",".join(post.id for post in batch), "maxResults": "100",
            "textFormat": "plainText",
        }  # fmt: skip
        items = api.read(f"{PATH}/comments", asked).get("items") or []
        found = {str(item.get("id")): item for item in items}
        for post in batch:
            if post.id not in found:
                yield Gone(post.id, post.instance)
                continue
            fresh = post_of(found[post.id], ours=NOBODY, video="", addressed=False)
            yield replace(
                post,
                text=fresh.text,
                edited_at=fresh.edited_at,
                engagement={**post.engagement, **fresh.engagement},
                raw=fresh.raw,
            )


def _thread(to: Post) -> str:
    return to.parent_id or to.thread_id or to.id


def _url(to: Post, number: str) -> str | None:
    return url_of(number, str(to.extra.get("video") or ""), str(to.extra.get("channel") or ""))
