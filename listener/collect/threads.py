"""What a page has to do with what we know: replies in known threads, our own answers, reposts of known posts.

Part of the caller's transaction; knows nothing of platforms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from listener.channels.base import Post
from listener.collect.store import Key, by_instance
from listener.db import upsert
from listener.models import Mention, OwnPost

REPOSTERS = 1000  # ids of reposts remembered per original, so that re-reading does not count one twice


@dataclass(frozen=True, slots=True)
class Known:
    """The posts and threads a page refers to that are stored: id → its thread, and all known thread ids."""

    threads_of: dict[Key, str]
    threads: frozenset[Key]

    def touches(self, post: Post) -> bool:
        """Say whether a post answers, or stands in the thread of, something we have."""
        parent, thread = (post.instance, post.parent_id or ""), (post.instance, post.thread_id or "")
        return parent in self.threads_of or thread in self.threads or thread in self.threads_of

    def with_posts(self, posts: Iterable[Post]) -> Known:
        """Return what is known once these posts are stored."""
        more = {(post.instance, post.id): post.thread_id or post.parent_id or post.id for post in posts}
        roots = {(instance, thread) for (instance, _), thread in more.items()}
        return Known({**self.threads_of, **more}, self.threads | roots)


def known(session: Session, channel: str, posts: Sequence[Post]) -> Known:
    """Look up the parents and threads of a page with two queries per instance."""
    wanted = {(post.instance, name) for post in posts for name in (post.parent_id, post.thread_id) if name}
    threads_of: dict[Key, str] = {}
    threads: set[Key] = set()
    for instance, ids in by_instance(wanted):
        for table in (Mention, OwnPost):
            query = select(table.external_id, table.thread_id).where(
                table.channel == channel, table.instance == instance, table.external_id.in_(ids)
            )
            for row in session.execute(query):
                threads_of[instance, row.external_id] = row.thread_id or row.external_id
        in_thread = select(Mention.thread_id).where(
            Mention.channel == channel, Mention.instance == instance, Mention.thread_id.in_(ids)
        )
        threads |= {(instance, name) for name in session.scalars(in_thread.distinct()) if name}
    return Known(threads_of, frozenset(threads))


def rooted(posts: Iterable[Post], known: Known) -> list[Post]:
    """Give posts without a thread the thread of their parent, when the parent is stored or in the same page."""
    listed = list(posts)
    here = {(post.instance, post.id): post for post in listed}
    made = []
    for post in listed:
        if post.thread_id is None and post.parent_id:
            post = replace(post, thread_id=_root(post, here, known))  # noqa: PLW2901 - the same post, completed
        made.append(post)
    return made


def _root(post: Post, here: dict[Key, Post], known: Known) -> str | None:
    seen: set[str] = set()
    while post.parent_id and post.id not in seen:
        seen.add(post.id)
        parent = (post.instance, post.parent_id)
        if parent in known.threads_of:
            return known.threads_of[parent]
        if parent not in here:
            return post.parent_id  # the highest we can see
        post = here[parent]
        if post.thread_id:  # its channel knows better than the way up
            return post.thread_id
    return post.thread_id or post.id


def keep_own(session: Session, channel: str, account_id: int, posts: Sequence[Post], known: Known) -> None:
    """Store our own posts of known threads, so that nobody answers twice; others of ours are not kept."""
    rows: list[dict[str, Any]] = [
        {
            "account_id": account_id, "channel": channel, "instance": post.instance, "external_id": post.id,
            "parent_id": post.parent_id, "text": post.text, "url": post.url, "posted_at": post.posted_at, "seen": False,
            "thread_id": known.threads_of.get((post.instance, post.parent_id or "")) or post.thread_id,
        }
        for post in sorted(posts, key=lambda post: (post.instance, post.id))
        if known.touches(post)
    ]  # fmt: skip
    if not rows:
        return
    table = OwnPost.__table__
    made = upsert(session, table)
    made = made.on_conflict_do_update(
        index_elements=[table.c.channel, table.c.instance, table.c.external_id],
        set_={"text": made.excluded.text},
    )
    session.execute(made, rows)


def reposts(session: Session, channel: str, posts: Sequence[Post]) -> list[Post]:
    """Count reposts on their originals and return the posts that are left to store.

    A repost of something we never heard is returned as its original: a complaint must not be missed because only
    its echo reached us.
    """
    left = [post for post in posts if not post.repost_of]
    echoes = [post for post in posts if post.repost_of]
    originals = {(post.instance, post.repost_of or "") for post in echoes}
    found: dict[Key, Any] = {}
    for instance, ids in by_instance(originals):
        query = select(Mention.id, Mention.external_id, Mention.extra, Mention.reposts).where(
            Mention.channel == channel, Mention.instance == instance, Mention.external_id.in_(ids)
        )
        found |= {(instance, row.external_id): row for row in session.execute(query)}
    here = {(post.instance, post.id) for post in left}
    for key in sorted(originals):
        mine = [post for post in echoes if (post.instance, post.repost_of) == key]
        if key in found:
            _count_reposts(session, found[key], mine)
        elif key not in here:
            left.append(_as_original(mine[0]))
    return left


def _as_original(post: Post) -> Post:
    """Turn a repost into the post it repeats, as far as it tells: the words are the original's, the author is not."""
    extra: dict[str, Any] = dict(post.extra) | {"reposted_by": [post.id]}
    return replace(post, id=post.repost_of or post.id, repost_of=None, author=None, extra=extra)


def _count_reposts(session: Session, original: Any, echoes: Sequence[Post]) -> None:
    before = list(original.extra.get("reposted_by", []))
    fresh = [post.id for post in echoes if post.id not in before]
    if not fresh:
        return
    session.execute(
        update(Mention)
        .where(Mention.id == original.id)
        .values(
            extra=dict(original.extra) | {"reposted_by": (before + fresh)[-REPOSTERS:]},
            reposts=max(original.reposts, len(before)) + len(fresh),
        )
        .execution_options(synchronize_session=False)
    )
