"""Imports a file of posts in batches: every good row is kept whatever the query, bad rows are listed by line.

An import is heard by a source of its own (kind `file`, paused: nothing polls it), so that its mentions have hits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from listener import brands, log
from listener.channels import KINDS
from listener.channels.base import MayReply, Post, ReplyMode
from listener.collect.door import Entry, cleaned
from listener.collect.page import wanted
from listener.collect.store import store
from listener.collect.threads import known, rooted
from listener.db import Database, now
from listener.errors import ListenerError
from listener.ground import Ground
from listener.models import Account, Brand, Poll, Source
from listener.rowposts import post_of_row
from listener.rows import BadRow, read_rows
from listener.sources import channel_for_account

logger = log.get(__name__)
BATCH = 1000  # rows of one transaction: others can write in between
# where posts of a file may come from: also platforms that this version does not listen to by itself
ORIGINS = frozenset(KINDS) | frozenset(
    [
        "x",
        "reddit",
        "mastodon",
        "bluesky",
        "youtube",
        "facebook",
        "instagram",
        "googleplay",
        "appstore",
        "trustpilot",
        "googlebusiness",
        "email",
        "telegram",
        "whatsapp",
        "discourse",
        "hackernews",
        "feed",
        "webhook",
        "file",
    ]
)


class ImportFileError(ListenerError):
    """A file, a channel or a mapping that cannot be used; the text says what to do."""


@dataclass(slots=True)
class Report:
    """What became of the rows: `read` = new + updated + duplicate + rejected."""

    read: int = 0
    new: int = 0
    updated: int = 0
    duplicate: int = 0
    rejected: list[BadRow] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the object that `import --json` prints."""
        return asdict(self)


def import_file(
    db: Database,
    path: Path,
    *,
    brand: str,
    channel: str,
    mapping: Mapping[str, str] | None = None,
    alerts: bool = True,
    ground: Ground | None = None,
    at: datetime | None = None,
) -> Report:
    """Import a CSV or JSON lines file and return what became of its rows. Raises ListenerError if it cannot be read.

    `alerts=False` marks the mentions as history. `ground` lets mentions of a channel that has an account be answered
    through it. Each batch of rows is one transaction: a file that breaks off can simply be imported again.
    """
    at = at or now()
    if channel not in ORIGINS:
        raise ImportFileError(f"--channel {channel!r} is no channel; known: {', '.join(sorted(ORIGINS))}")
    with db.read() as session:
        brands.named(session, brand)
    rows = read_rows(path, mapping=mapping)
    target = _target(db, ground, brand=brand, channel=channel)
    report = Report()
    while batch := list(islice(rows, BATCH)):
        posts = list(_posts(batch, report, instance=target.instance, at=at))
        with db.work() as session:
            _store(session, target, posts, report, at=at, history=not alerts)
    with db.work() as session:
        session.get_one(Source, target.source_id).last_ok_at = at
        session.add(
            Poll(
                source_id=target.source_id, started_at=at, ended_at=now(), pages=1,
                fetched=report.read - len(report.rejected), new=report.new, updated=report.updated,
                duplicates=report.duplicate, pushed=True,
            )
        )  # fmt: skip
    logger.info(
        "file.imported",
        source_id=target.source_id,
        read=report.read,
        new=report.new,
        rejected=len(report.rejected),
    )
    return report


@dataclass(frozen=True, slots=True)
class _Target:
    source_id: int
    brand_id: int
    channel: str
    instance: str
    may_reply: Callable[[Post], MayReply]
    queries: list[Any]


def _target(db: Database, ground: Ground | None, *, brand: str, channel: str) -> _Target:
    with db.work() as session:
        brand_id = brands.named(session, brand)
        source_id = _own_source(session, brand_id, channel)
        queries = brands.queries_of(session, brand_id)
        account_id = session.scalar(
            select(Account.id)
            .join(Source, Source.account_id == Account.id)
            .where(Account.kind == channel, Source.brand_id == brand_id, Source.id != source_id)
            .order_by(Account.secrets.is_(None), Account.id)
            .limit(1)
        )
    may_reply: Callable[[Post], MayReply] = _by_hand
    instance = ""
    if account_id is not None and ground is not None:
        opened = channel_for_account(db, ground, account_id)
        may_reply = opened.may_reply
        if opened.replies:  # ids are the platform's own, as the account hears them
            instance = opened.instance
    return _Target(source_id, brand_id, channel, instance, may_reply, queries)


def _own_source(session: Session, brand_id: int, channel: str) -> int:
    name = f"import {channel} {session.get_one(Brand, brand_id).name}"[:120]
    found = session.scalar(select(Source.id).where(Source.name == name))
    if found is not None:
        return found
    account = session.scalars(
        select(Account).where(Account.kind == "file", Account.base_url == "", Account.identity == "import")
    ).one_or_none()
    if account is None:
        account = Account(kind="file", base_url="", identity="import", health="ok")
        session.add(account)
        session.flush()
    source = Source(account_id=account.id, brand_id=brand_id, name=name, kind="file", state="paused")
    session.add(source)
    session.flush()
    return source.id


def _by_hand(post: Post) -> MayReply:
    if post.url:
        return MayReply(
            ReplyMode.LINK, "imported without an account of this channel: open the post and answer there"
        )
    return MayReply(ReplyMode.NONE, "imported without an address and without an account of this channel")


def _posts(batch: list[Any], report: Report, *, instance: str, at: datetime) -> Iterator[Post]:
    for row in batch:
        report.read += 1
        if isinstance(row, BadRow):
            report.rejected.append(row)
            continue
        post = cleaned(post_of_row(row.values, instance=instance, at=at))
        if not post.text.strip() and post.rating is None:
            report.rejected.append(BadRow(row.line, "text has nothing that can be seen"))
            continue
        yield post


def _store(
    session: Session, target: _Target, posts: list[Post], report: Report, *, at: datetime, history: bool
) -> None:
    if not posts:
        return
    threads = known(session, target.channel, posts)
    entries = [
        Entry(post, target.may_reply(post), wanted(target.channel, post, target.queries)[1])
        for post in rooted(posts, threads)
    ]
    stored = store(
        session, target.channel, entries,
        source_id=target.source_id, brand_id=target.brand_id, at=at, history=history,
        recheck=False,
    )  # fmt: skip
    report.new += stored.new
    report.updated += stored.updated
    report.duplicate += stored.duplicates
