"""Reading back what was heard: the post a reply needs, the account that heard it, its thread, its author's history.

Read-only; ids in, plain data out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from listener.channels import KINDS, channel_type
from listener.channels.base import Post, PostAuthor
from listener.models import Account, Author, Hit, Mention, OwnPost, Source


@dataclass(frozen=True, slots=True)
class ThreadItem:
    """One post of a thread, in time order. `own`: written by one of our accounts (then there is no mention)."""

    external_id: str
    text: str
    posted_at: datetime
    own: bool
    mention_id: int | None = None
    author_id: int | None = None
    author: str | None = None
    url: str | None = None
    gone: bool = False
    edited: bool = False
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One earlier mention of an author."""

    mention_id: int
    channel: str
    text: str
    posted_at: datetime
    url: str | None


def post_of(session: Session, mention_id: int) -> Post:
    """Rebuild the post that the channel gave us, as far as a reply needs it. Raises NoResultFound."""
    mention = session.get_one(Mention, mention_id)
    return _rebuilt(mention, session.get(Author, mention.author_id) if mention.author_id else None)


def posts_of(session: Session, mention_ids: Sequence[int]) -> dict[int, Post]:
    """Rebuild the posts of many mentions with one query; by mention id, those that are not there are absent."""
    rows = session.execute(
        select(Mention, Author)
        .outerjoin(Author, Author.id == Mention.author_id)
        .where(Mention.id.in_(mention_ids))
    )
    return {mention.id: _rebuilt(mention, author) for mention, author in rows}


def _rebuilt(mention: Mention, author: Author | None) -> Post:
    return Post(
        id=mention.external_id,
        text=mention.text,
        posted_at=mention.posted_at,
        instance=mention.instance,
        kind=mention.kind,
        author=PostAuthor(author.external_id, author.handle, author.name, author.url, author.followers)
        if author
        else None,
        title=mention.title,
        url=mention.url,
        language=mention.language,
        rating=mention.rating,
        rating_scale=mention.rating_scale,
        thread_id=mention.thread_id,
        parent_id=mention.parent_id,
        parent_text=mention.parent_text,
        repost_of=mention.repost_of,
        quoted_id=mention.quoted_id,
        addressed_to_us=mention.addressed_to_us,
        edited_at=mention.edited_at,
        visibility=mention.visibility,
        media=tuple(mention.media),
        engagement=_whole(mention.engagement),
        extra=mention.extra,
        existing_reply=mention.existing_reply,
    )


def account_of(session: Session, mention_id: int) -> tuple[int, int] | None:
    """Return (account id, source id) of who heard a mention and can answer it; None when nobody is left.

    One that replies and works is preferred, then the one that heard it first; only accounts of the mention's channel
    count (an import's own source has none).
    """
    replying = [kind for kind in KINDS if channel_type(kind).replies]
    found = session.execute(
        select(Source.account_id, Source.id)
        .join(Hit, Hit.source_id == Source.id)
        .join(Account, Account.id == Source.account_id)
        .join(Mention, Mention.id == Hit.mention_id)
        .where(Hit.mention_id == mention_id, Account.kind == Mention.channel)
        .order_by(
            case((Account.kind.in_(replying), 0), else_=1),
            case((Account.secrets.is_not(None), 0), else_=1),
            case((Account.health == "attention", 1), else_=0),
            Hit.at,
            Source.id,
        )
        .limit(1)
    ).first()
    if found is not None:
        return int(found.account_id), int(found.id)
    return _account_of_kind(session, mention_id)


def _account_of_kind(session: Session, mention_id: int) -> tuple[int, int] | None:
    """An imported mention is answered by the account of its channel and instance, when the brand has one."""
    found = session.execute(
        select(Source.account_id, Source.id)
        .join(Account, Account.id == Source.account_id)
        .join(Hit, Hit.brand_id == Source.brand_id)
        .join(Mention, Mention.id == Hit.mention_id)
        .where(Mention.id == mention_id, Account.kind == Mention.channel, Source.state != "removed")
        .order_by(case((Account.secrets.is_not(None), 0), else_=1), Source.id)
        .limit(1)
    ).first()
    return (int(found.account_id), int(found.id)) if found else None


def thread(session: Session, mention_id: int, *, limit: int = 200) -> list[ThreadItem]:
    """Return the posts of a mention's thread, theirs and ours, in time order (at most `limit` of each)."""
    mention = session.get_one(Mention, mention_id)
    root = mention.thread_id or mention.external_id
    theirs = session.execute(
        select(Mention, Author.handle, Author.name)
        .outerjoin(Author, Author.id == Mention.author_id)
        .where(
            Mention.channel == mention.channel,
            Mention.instance == mention.instance,
            Mention.thread_id == root,
        )
        .order_by(Mention.posted_at)
        .limit(limit)
    )
    items = [
        ThreadItem(
            row.external_id, row.text, row.posted_at, own=False, mention_id=row.id, author_id=row.author_id,
            author=name or handle, url=row.url, gone=row.gone_at is not None, parent_id=row.parent_id,
            edited=row.edited_at is not None or row.revision > 1,
        )
        for row, handle, name in theirs
    ]  # fmt: skip
    ids = [item.external_id for item in items]
    ours = session.scalars(
        select(OwnPost)
        .where(
            OwnPost.channel == mention.channel,
            OwnPost.instance == mention.instance,
            (OwnPost.thread_id == root) | OwnPost.parent_id.in_(ids),
        )
        .order_by(OwnPost.posted_at)
        .limit(limit)
    )
    items += [
        ThreadItem(row.external_id, row.text, row.posted_at, own=True, url=row.url, parent_id=row.parent_id)
        for row in ours
    ]
    return sorted(items, key=lambda item: (item.posted_at, item.external_id))


def history(session: Session, author_id: int, limit: int = 20) -> list[HistoryItem]:
    """Return what an author wrote to or about us, newest first."""
    rows = session.execute(
        select(Mention.id, Mention.channel, Mention.text, Mention.posted_at, Mention.url)
        .where(Mention.author_id == author_id, Mention.gone_at.is_(None))
        .order_by(Mention.posted_at.desc(), Mention.id.desc())
        .limit(limit)
    )
    return [HistoryItem(row.id, row.channel, row.text, row.posted_at, row.url) for row in rows]


def _whole(engagement: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in engagement.items() if isinstance(value, int | float)}
