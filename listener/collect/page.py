"""Stores one page: what is ours, what nobody asked for, what is new; then the cursor and the coverage row.

All in the caller's one transaction: either the posts, the cursor and the ledger move together or none does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from listener import metrics
from listener.channels.base import Gone, MayReply, Page, Post
from listener.collect import threads
from listener.collect.door import Entry, cleaned
from listener.collect.store import by_instance, store
from listener.models import Mention, Payload, Poll, Source
from listener.query import Document, Query

Queries = Sequence[tuple[int, Query]]
PROMPT = timedelta(seconds=60)  # a platform that shows a post within this time is not late
HISTORY = timedelta(
    days=1
)  # what is older than this at first sight says nothing about how fast a platform is


@dataclass(frozen=True, slots=True)
class Target:
    """For whom a page is stored. `identities`: handles and ids of all our accounts of this kind, lower case.

    complete_at: all that was there then has been read; None while the first run goes on, which hears old posts.
    ages: seconds from writing to hearing of the new posts of this poll, filled as its pages are stored.
    """

    source_id: int
    account_id: int
    brand_id: int
    kind: str
    queries: Queries
    may_reply: Callable[[Post], MayReply]
    identities: frozenset[str] = frozenset()
    keep_payload: timedelta | None = None
    poll_id: int | None = None
    complete_at: datetime | None = None
    ages: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Counts:
    """What became of the posts of a page or of a whole poll."""

    fetched: int = 0
    new: int = 0
    updated: int = 0
    duplicates: int = 0
    unmatched: int = 0
    own: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another page."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def save(session: Session, source_id: int, page: Page, target: Target, *, at: datetime) -> Counts:
    """Store the posts of a page with its cursor and its line in the ledger. Returns what became of the posts."""
    posts = [cleaned(post) for post in page.posts]
    known = threads.known(session, target.kind, posts)
    posts = threads.rooted(posts, known)
    own = [post for post in posts if _is_own(post, target)]
    heard = [post for post in posts if not _is_own(post, target)]
    theirs = threads.reposts(session, target.kind, heard)
    chosen = _chosen(theirs, target, known)
    threads.keep_own(
        session, target.kind, target.account_id, own, known.with_posts(entry.post for entry in chosen)
    )
    counts = Counts(fetched=len(posts), own=len(own), unmatched=len(theirs) - len(chosen))
    stored = store(
        session, target.kind, chosen,
        source_id=source_id, brand_id=target.brand_id, at=at, keep_payload=target.keep_payload,
    )  # fmt: skip
    counts.new, counts.updated = stored.new, stored.updated
    counts.duplicates = stored.duplicates + len(heard) - len(theirs)  # the rest were reposts
    forget(session, target.kind, page.gone, at)
    if page.cursor is not None:
        session.execute(update(Source).where(Source.id == source_id).values(cursor=page.cursor))
    if target.poll_id is not None:
        _ledger(session, target.poll_id, page, posts, counts, at)
        _lag(session, target, stored.written, at)
    _count(target.kind, counts)
    return counts


def forget(session: Session, channel: str, gone: Sequence[Gone], at: datetime) -> int:
    """Blank what was deleted upstream and return how much it was: the rows stay, their words and raw payloads do not.

    The room above finds them by `gone_seen`.
    """
    blanked = 0
    for instance, names in by_instance(sorted({(item.instance, item.id) for item in gone})):
        here = (Mention.channel == channel, Mention.instance == instance)
        rows = session.execute(
            update(Mention)
            .where(*here, Mention.external_id.in_(names), Mention.gone_at.is_(None))
            .values(
                gone_at=at, gone_seen=False, recheck_at=None, text="", title=None, parent_text=None, media=[]
            )
            .returning(Mention.id, Mention.external_id, Mention.thread_id)
            .execution_options(synchronize_session=False)
        ).all()
        if not rows:
            continue
        blanked += len(rows)
        session.execute(delete(Payload).where(Payload.mention_id.in_([row.id for row in rows])))
        session.execute(  # answers quote the post they answer
            update(Mention)
            .where(*here, Mention.thread_id.in_({row.thread_id for row in rows}))
            .where(Mention.parent_id.in_({row.external_id for row in rows}), Mention.parent_text.is_not(None))
            .values(parent_text=None)
            .execution_options(synchronize_session=False)
        )
    return blanked


def _chosen(posts: Sequence[Post], target: Target, known: threads.Known) -> list[Entry]:
    """Return what is to be stored: what a query asks for, what is addressed to us, and what answers either.

    A reply may stand in the same page as the post it answers, before or after it, hence the rounds.
    """
    entries: list[Entry] = []
    left = []
    for post in posts:
        matches, query_id = wanted(target.kind, post, target.queries)
        if matches or post.addressed_to_us or known.touches(post):
            entries.append(Entry(post, target.may_reply(post), query_id))
        else:
            left.append(post)
    fresh = entries
    while fresh and left:
        known = known.with_posts(entry.post for entry in fresh)
        fresh = [Entry(post, target.may_reply(post)) for post in left if known.touches(post)]
        left = [post for post in left if not known.touches(post)]
        entries += fresh
    return entries


def _is_own(post: Post, target: Target) -> bool:
    if post.own:
        return True
    if post.author is None or not target.identities:
        return False
    return (
        post.author.id.lower() in target.identities or (post.author.handle or "").lower() in target.identities
    )


def document_of(channel: str, post: Post) -> Document:
    """Return a post as queries see it."""
    return Document(
        text=post.text,
        title=post.title,
        language=post.language,
        channel=channel,
        author=post.author.handle or post.author.name if post.author else None,
        rating=post.rating,
    )


def wanted(channel: str, post: Post, queries: Queries) -> tuple[bool, int | None]:
    """Return whether a query of the brand matches, and which; a brand without queries wants everything."""
    if not queries:
        return True, None
    document = document_of(channel, post)
    for query_id, query in queries:
        if query.matches(document):
            return True, query_id
    return False, None


def _ledger(
    session: Session, poll_id: int, page: Page, posts: Sequence[Post], counts: Counts, at: datetime
) -> None:
    row = session.get_one(Poll, poll_id)
    row.pages += 1
    for name in Counts.__slots__:
        setattr(row, name, getattr(row, name) + getattr(counts, name))
    row.truncated = page.truncated
    row.backfilled = row.backfilled or page.backfilled
    # a post dated in the future says nothing about how far we have read
    times = [post.posted_at for post in posts if post.posted_at <= at + timedelta(hours=1)]
    if times:
        row.oldest_at = min(times) if row.oldest_at is None else min(row.oldest_at, *times)
        row.newest_at = max(times) if row.newest_at is None else max(row.newest_at, *times)


def _count(kind: str, counts: Counts) -> None:
    for outcome in ("new", "updated", "duplicates", "unmatched", "own"):
        metrics.POSTS.labels(kind, outcome).inc(getattr(counts, outcome))


def _lag(session: Session, target: Target, written: Sequence[datetime], at: datetime) -> None:
    """Note how old the new posts were, and how many of them were there at the last poll and not shown."""
    if target.complete_at is None:
        return
    recent = [moment for moment in written if target.complete_at - HISTORY < moment <= at]
    if not recent:
        return
    target.ages.extend((at - moment).total_seconds() for moment in recent)
    row = session.get_one(Poll, target.poll_id)
    row.late += sum(moment < target.complete_at - PROMPT for moment in recent)
    row.lag_seconds = round(median(target.ages), 1)
