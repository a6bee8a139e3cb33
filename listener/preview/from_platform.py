"""Trying queries on the platform itself: a free count where there is one, else one page.

Nothing is stored but the reads that the platform bills, on the budget of the source. The network is asked between
transactions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from listener import budget, sources
from listener.budget import Budget
from listener.channels import channel_type
from listener.channels.base import Channel, Listen, Post
from listener.collect.door import cleaned
from listener.collect.page import document_of
from listener.db import Database, now
from listener.errors import ListenerError
from listener.ground import Ground
from listener.looking import Look
from listener.preview.result import SAMPLES, Preview, Sample, cost, why
from listener.query import Query
from listener.tokens import Renewal

WINDOW = timedelta(days=7)  # how far back is looked, as far as the platform gives


def live(
    db: Database, ground: Ground, source: str, queries: Sequence[Query], *, posts: bool = False
) -> Preview:
    """Try queries through a saved source; `posts`: also read a few where reading is billed.

    Raises SourceError for an unknown name, ChannelError when the platform refuses, ListenerError when it cannot tell.
    """
    at = now()
    with db.read() as session:
        row = sources.named(session, source)
        source_id, day, wait = row.id, budget.of(session, row, at=at), row.not_before
    if wait is not None and wait > at:
        message = (
            f"{source} is rate limited by the platform until {wait:%Y-%m-%d %H:%M:%S} UTC; try again then"
        )
        raise ListenerError(message)
    channel = sources.channel_of(db, ground, source_id)
    found = channel.look(Listen(queries, at - WINDOW, reads_left=day.left), posts=posts)
    if found.reads:
        with db.work() as session:
            budget.book(session, source_id, found.reads, purpose="preview", at=at)
            day = budget.of(session, sources.named(session, source), at=at)
    return _preview(ground, channel, queries, found, at=at, source=source, day=day)


def live_unsaved(ground: Ground, kind: str, settings: Mapping[str, str], queries: Sequence[Query]) -> Preview:
    """Try queries through a source that is only typed. What is billed is not read: there is no budget to book it on.

    Raises SourceError that names a wrong option, ChannelError, ListenerError as `live`.
    """
    at = now()
    options = sources.parse_options(kind, settings)
    channel: Channel[Any] = channel_type(kind)(options, ground.http)
    channel.keeper = _Unspent()
    found = channel.look(Listen(queries, at - WINDOW), posts=False)
    allowed = getattr(options, "reads_per_day", None)
    day = Budget(allowed, 0, at) if allowed else None
    return _preview(ground, channel, queries, found, at=at, source=None, day=day)


class _Unspent:
    """Stands where an account keeps its access token: what was only typed must not be used up by looking."""

    def token(self, renewal: Renewal) -> str:
        """Refuse."""
        message = (
            f"the {renewal.option} that was typed may be used up by trying it: save the source first, "
            "then preview its query"
        )
        raise ListenerError(message)

    def refused(self, renewal: Renewal) -> None:
        """Nothing was asked."""


def _preview(
    ground: Ground, channel: Channel[Any], queries: Sequence[Query], look: Look, *,
    at: datetime, source: str | None, day: Budget | None,
) -> Preview:  # fmt: skip
    seen = [post for one in look.posts if not one.own and (post := cleaned(one)).posted_at >= look.since]
    if look.count is None and not look.posts and not look.whole:
        message = (
            f"{channel.title} counts no posts for this account, and reads of it are billed: set bearer_token, "
            "or save the source and ask for examples"
        )
        raise ListenerError(message)
    tried = [(post, why(queries, document_of(channel.kind, post))) for post in seen]
    hits = [(post, parts) for post, parts in tried if parts is not None]
    exact = look.whole or look.count is not None
    made = Preview(
        channel.kind,
        len(hits) if look.count is None else look.count,
        len(seen),
        at - look.since if exact else _spread(seen),
        at_least=not exact,
        counted=look.count is not None,
        samples=tuple(_sample(channel.kind, post, parts) for post, parts in hits[:SAMPLES]),
        reads=look.reads,
    )
    # the platform bills what it finds, also what the query refuses afterwards
    billed = made.per_day if look.count is not None else made.per_day * len(seen) / max(1, len(hits))
    found = cost(ground.settings, channel.kind, billed, source=source, day=day)
    return replace(made, costs=(found,)) if found is not None else made


def _spread(posts: Sequence[Post]) -> timedelta:
    times = [post.posted_at for post in posts]
    return max(times) - min(times) if times else WINDOW


def _sample(channel: str, post: Post, parts: tuple[str, ...]) -> Sample:
    author = (post.author.handle or post.author.name or "") if post.author else ""
    text = f"{post.title}\n{post.text}" if post.title else post.text
    return Sample(channel, author, text, post.url, post.posted_at, parts)
