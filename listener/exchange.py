"""What a channel and the rest of the product hand each other: posts and pages, replies and what became of them.

Plain values without behaviour; `listener.channels.base` passes them on under its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from listener.said import mark

Cursor = dict[str, Any]  # JSON, with a "v" entry; one entry per sub-stream


class ReplyMode(StrEnum):
    """How a post can be answered: by the API, by hand over its link, or not at all."""

    API = "api"
    LINK = "link"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MayReply:
    """The answer to "may we reply", decided before the agent writes and asked again when sending."""

    mode: ReplyMode
    reason: str | None = None
    until: datetime | None = None


def by_hand(post: Post, reason: str) -> MayReply:
    """Return the way to answer a post that the API cannot answer: over its link where it has one."""
    return MayReply(ReplyMode.LINK if post.url else ReplyMode.NONE, reason)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows. `measure(text)` counts a reply in the platform's own unit; `unit` names it."""

    length: int | None = None  # None = replies are not possible or not limited
    unit: str = mark("characters")
    measure: Callable[[str], int] = len
    minimum: int = 1
    poll_every: timedelta = timedelta(minutes=5)
    read_lag: timedelta = timedelta(seconds=30)  # a new reply may be invisible to reads for this long


@dataclass(frozen=True, slots=True)
class PostAuthor:
    """Who wrote a post; every part but the id may be missing."""

    id: str
    handle: str | None = None
    name: str | None = None
    url: str | None = None
    followers: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One item as a channel hears it; text is already plain (not HTML), cleaning happens at the door (`collect`)."""

    id: str
    text: str
    posted_at: datetime
    instance: str = ""
    kind: str = "post"  # post | comment | review | message | mail
    author: PostAuthor | None = None
    title: str | None = None
    url: str | None = None
    language: str | None = None
    rating: float | None = None
    rating_scale: int | None = None
    thread_id: str | None = None
    parent_id: str | None = None
    parent_text: str | None = None
    repost_of: str | None = None
    quoted_id: str | None = None
    addressed_to_us: bool = False
    own: bool = False  # written by our own account: never becomes a mention
    edited_at: datetime | None = None
    visibility: str = "public"
    media: tuple[Mapping[str, Any], ...] = ()
    engagement: Mapping[str, int] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)  # what reply() will need
    existing_reply: str | None = None
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A post that was deleted or hidden upstream."""

    id: str
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some posts and the cursor to store in the same transaction.

    `truncated`: the platform has more than it gave (or than this run may read); the cursor resumes there.
    `backfilled`: this page filled a gap that an earlier run left. `reads`: what the platform bills for it.
    """

    posts: Sequence[Post]
    cursor: Cursor | None
    truncated: bool = False
    backfilled: bool = False
    gone: Sequence[Gone] = ()
    reads: int = 0


@dataclass(frozen=True, slots=True)
class Listen:
    """What to listen to: the brand's queries and how far a first run reads back.

    `reads_left`: paid reads that the source's budget still allows today (UTC), None = no budget.
    """

    queries: Sequence[Any]  # listener.query.Query
    since: datetime
    max_pages: int = 40
    reads_left: int | None = None
    key: str = ""  # names the source where something of ours stays on the platform (the rules of a stream)


@dataclass(frozen=True, slots=True)
class Sent:
    """A reply that exists on the platform: its id there is the proof."""

    id: str
    url: str | None = None
    at: datetime | None = None
    pending: bool = False  # accepted, but moderated before it is visible


@dataclass(frozen=True, slots=True)
class Absent:
    """The thread was read after the platform's lag: our reply is not there."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform took the reply and then did not show or deliver it, and will not."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """The platform cannot tell yet (inside its read lag, or the thread could not be read)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A reply whose call had no clear end; what `find` looks for."""

    to: Post
    text: str
    key: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Hook:
    """An incoming webhook request, unparsed."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What a webhook said. `answer` is the body to send back (a platform's challenge), None = empty 204."""

    posts: Sequence[Post] = ()
    gone: Sequence[Gone] = ()
    answer: str | None = None
