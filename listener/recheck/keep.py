"""Stores what a platform said of posts that we have: new words, new numbers, our answers below them, deletions.

Part of the caller's transaction. Only what is stored and not gone is touched: what was erased meanwhile stays erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from listener import spread, stages
from listener.channels.base import Gone, MayReply, Post
from listener.collect import threads
from listener.collect.door import Entry, cleaned
from listener.collect.page import forget
from listener.collect.store import Key, by_instance, store
from listener.models import Mention


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the posts: how many were edited (or answered), deleted, spread, and answers of ours seen."""

    updated: int = 0
    gone: int = 0
    grown: int = 0
    own: int = 0


def keep(
    session: Session,
    channel: str,
    found: Iterable[Post | Gone],
    *,
    account_id: int,
    may_reply: Callable[[Post], MayReply],
    at: datetime,
    keep_payload: timedelta | None = None,
) -> Kept:
    """Store what came back. What spread or was rated anew is triaged again by its old score; edits are scored again."""
    listed = list(found)
    posts = [cleaned(item) for item in listed if isinstance(item, Post)]
    gone = [item for item in listed if isinstance(item, Gone)]
    known = _known(session, channel, posts)
    theirs = [
        _completed(post, known[post.instance, post.id], at)
        for post in posts
        if not post.own and (post.instance, post.id) in known
    ]
    own = [post for post in posts if post.own]
    stored = store(
        session, channel, [Entry(post, may_reply(post)) for post in theirs],
        source_id=None, brand_id=None, at=at, keep_payload=keep_payload,
    )  # fmt: skip
    threads.keep_own(session, channel, account_id, own, threads.known(session, channel, own))
    before = [(post, known[post.instance, post.id]) for post in theirs]
    moved = [
        row.id
        for post, row in before
        if spread.step(post.engagement) > spread.step(row.engagement)
        or (post.rating is not None and post.rating != row.rating)
    ]
    stages.again(session, moved)
    return Kept(stored.updated, forget(session, channel, gone, at), len(moved), len(own))


def _known(session: Session, channel: str, posts: Sequence[Post]) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    columns = (Mention.id, Mention.instance, Mention.external_id, Mention.text, Mention.title)
    for instance, names in by_instance({(post.instance, post.id) for post in posts}):
        query = select(*columns, Mention.engagement, Mention.rating).where(
            Mention.channel == channel, Mention.instance == instance, Mention.external_id.in_(names)
        )
        rows = session.execute(query.where(Mention.gone_at.is_(None)))
        found |= {(row.instance, row.external_id): row for row in rows}
    return found


def _completed(post: Post, before: Any, at: datetime) -> Post:
    """Add what a look at one post does not say: counts that only lists have, and when an edit was made (by now)."""
    counts = {**before.engagement, **post.engagement}
    edited = (post.text, post.title) != (before.text, before.title)
    return replace(post, engagement=counts, edited_at=post.edited_at or (at if edited else None))
