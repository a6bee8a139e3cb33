"""Writes posts: one batched insert-on-conflict-update per table. Part of the caller's transaction.

A post that was stored before and whose words changed gets a new `revision` and goes back to stage `collected`, in the
same statement that writes the words: a score of the old words can then never count for the new ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, null, or_, select
from sqlalchemy.orm import Session

from listener.collect.door import Entry, mention_row, packed
from listener.db import upsert
from listener.models import Author, Hit, Mention, Payload

Key = tuple[str, str]  # instance, external id
IN_LIMIT = 500  # values of one IN (...): far below the limits of both databases


@dataclass(slots=True)
class Stored:
    """What became of a batch: counts, the id of each post, and when the new ones were written."""

    new: int = 0
    updated: int = 0
    duplicates: int = 0
    ids: dict[Key, int] = field(default_factory=dict)
    written: list[datetime] = field(default_factory=list)


def store(  # noqa: PLR0913 - what, who heard it, and how it is kept
    session: Session,
    channel: str,
    entries: Sequence[Entry],
    *,
    source_id: int | None,
    brand_id: int | None,
    at: datetime,
    keep_payload: timedelta | None = None,
    history: bool = False,
    recheck: bool = True,
) -> Stored:
    """Insert or update mentions, their authors, hits and raw payloads. Entries must be cleaned (`door.cleaned`).

    No source: what is stored is read again, and nobody new has heard it. recheck: whether the source can be asked for
    these posts again.
    """
    # Sorted by key: two workers that store the same posts in different orders would deadlock on PostgreSQL.
    unique = {(entry.post.instance, entry.post.id): entry for entry in entries}
    ordered = dict(sorted(unique.items()))
    stored = Stored(duplicates=len(entries) - len(unique))
    known = _known(session, channel, ordered)
    writes: list[Entry] = []
    for key, entry in ordered.items():
        before = known.get(key)
        if before is None:
            stored.new += 1
            stored.written.append(entry.post.posted_at)
        elif _reworded(before, entry):
            stored.updated += 1
        else:
            stored.duplicates += 1
            if not _touched(before, entry):
                continue
        if (
            before is not None and "reposted_by" in before.extra
        ):  # ours, not the platform's: survives a re-read
            extra = {**entry.post.extra, "reposted_by": before.extra["reposted_by"]}
            entry = replace(entry, post=replace(entry.post, extra=extra))  # noqa: PLW2901 - the same entry, completed
        writes.append(entry)
    if writes:
        authors = _authors(session, channel, writes, at)
        rows = [
            mention_row(
                channel,
                entry,
                author_id=authors.get(_author_key(entry)),
                at=at,
                history=history,
                recheck=recheck,
            )
            for entry in writes
        ]
        session.execute(_upsert_mentions(session), rows)
    stored.ids = _ids(session, channel, ordered)
    if source_id is not None and brand_id is not None:
        _hits(session, stored.ids, ordered, source_id, brand_id, at)
    if keep_payload:
        _payloads(session, stored.ids, writes, at + keep_payload)
    return stored


def by_instance(keys: Iterable[Key]) -> Iterable[tuple[str, list[str]]]:
    """Group keys into (instance, ids) of at most IN_LIMIT ids."""
    groups: dict[str, list[str]] = defaultdict(list)
    for instance, external_id in keys:
        groups[instance].append(external_id)
    for instance, ids in groups.items():
        for start in range(0, len(ids), IN_LIMIT):
            yield instance, ids[start : start + IN_LIMIT]


def _known(session: Session, channel: str, entries: dict[Key, Entry]) -> dict[Key, Any]:
    columns = (
        Mention.instance, Mention.external_id, Mention.text, Mention.title, Mention.edited_at, Mention.rating,
        Mention.existing_reply, Mention.engagement, Mention.addressed_to_us, Mention.author_id, Mention.gone_at,
        Mention.extra,
    )  # fmt: skip
    found: dict[Key, Any] = {}
    for instance, ids in by_instance(entries):
        query = select(*columns).where(
            Mention.channel == channel, Mention.instance == instance, Mention.external_id.in_(ids)
        )
        found |= {(row.instance, row.external_id): row for row in session.execute(query)}
    return found


def _reworded(before: Any, entry: Entry) -> bool:
    """Say whether people would call it changed: words, rating, the answer already there, or back after deletion."""
    post = entry.post
    return bool(
        (before.text, before.title) != (post.text, post.title)
        or (post.rating is not None and before.rating != post.rating)
        or (post.existing_reply and before.existing_reply != post.existing_reply)
        or before.gone_at is not None
    )


def _touched(before: Any, entry: Entry) -> bool:
    """Say whether anything else is worth a write; re-reading a window must not rewrite every row."""
    post = entry.post
    return bool(
        (post.engagement and before.engagement != dict(post.engagement))
        or (post.edited_at and before.edited_at != post.edited_at)
        or (post.addressed_to_us and not before.addressed_to_us)
        or (post.author and before.author_id is None)
    )


def _upsert_mentions(session: Session) -> Any:
    table = Mention.__table__
    made = upsert(session, table)
    old, new = table.c, made.excluded
    reworded = or_(old.text != new.text, old.title.is_distinct_from(new.title))
    keep = ["author_id", "url", "language", "rating", "rating_scale"]
    keep += ["parent_id", "parent_text", "edited_at", "existing_reply"]
    changes: dict[str, Any] = {name: func.coalesce(new[name], old[name]) for name in keep}
    changes |= {name: new[name] for name in ("title", "text", "fingerprint", "media", "extra", "visibility")}
    changes |= {name: new[name] for name in ("reply_mode", "reply_reason", "engagement")}
    return made.on_conflict_do_update(
        index_elements=[old.channel, old.instance, old.external_id],
        set_=changes
        | {
            "reposts": case((new.reposts > old.reposts, new.reposts), else_=old.reposts),
            "addressed_to_us": case((old.addressed_to_us, old.addressed_to_us), else_=new.addressed_to_us),
            "gone_at": null(),
            "recheck_at": func.coalesce(old.recheck_at, new.recheck_at),  # it was imported, or is back
            "revision": case((reworded, old.revision + 1), else_=old.revision),
            "stage": case((reworded, "collected"), else_=old.stage),
            "attempts": case((reworded, 0), else_=old.attempts),
            "lease_until": case((reworded, null()), else_=old.lease_until),
            "stuck_reason": case((reworded, null()), else_=old.stuck_reason),
        },
    )


def _author_key(entry: Entry) -> Key | None:
    return (entry.post.instance, entry.post.author.id) if entry.post.author else None


def _authors(session: Session, channel: str, entries: Sequence[Entry], at: datetime) -> dict[Key | None, int]:
    people = {key: entry.post.author for entry in entries if (key := _author_key(entry)) is not None}
    if not people:
        return {}
    table = Author.__table__
    rows = [
        {
            "channel": channel, "instance": instance, "external_id": who.id, "handle": who.handle, "name": who.name,
            "url": who.url, "followers": who.followers, "created_at": at,
        }
        for (instance, _), who in sorted(people.items())
        if who is not None
    ]  # fmt: skip
    made = upsert(session, table)
    names = ("handle", "name", "url", "followers")
    made = made.on_conflict_do_update(
        index_elements=[table.c.channel, table.c.instance, table.c.external_id],
        set_={name: func.coalesce(made.excluded[name], table.c[name]) for name in names},
        where=table.c.erased_at.is_(None),  # an erased person is not filled in again
    )
    session.execute(made, rows)
    found: dict[Key | None, int] = {}
    for instance, ids in by_instance(people):
        query = select(Author.id, Author.external_id).where(
            Author.channel == channel, Author.instance == instance, Author.external_id.in_(ids)
        )
        found |= {(instance, row.external_id): row.id for row in session.execute(query)}
    return found


def _ids(session: Session, channel: str, keys: Iterable[Key]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for instance, ids in by_instance(keys):
        query = select(Mention.id, Mention.external_id).where(
            Mention.channel == channel, Mention.instance == instance, Mention.external_id.in_(ids)
        )
        found |= {(instance, row.external_id): row.id for row in session.execute(query)}
    return found


def _hits(
    session: Session,
    ids: dict[Key, int],
    entries: dict[Key, Entry],
    source_id: int,
    brand_id: int,
    at: datetime,
) -> None:
    rows = [
        {
            "mention_id": ids[key],
            "source_id": source_id,
            "brand_id": brand_id,
            "query_id": entry.query_id,
            "at": at,
        }
        for key, entry in entries.items()
    ]
    if rows:
        session.execute(upsert(session, Hit.__table__).on_conflict_do_nothing(), rows)


def _payloads(session: Session, ids: dict[Key, int], entries: Sequence[Entry], expires_at: datetime) -> None:
    rows = [
        {
            "mention_id": ids[(entry.post.instance, entry.post.id)],
            "raw": packed(entry.post.raw),
            "expires_at": expires_at,
        }
        for entry in entries
        if entry.post.raw is not None
    ]
    if not rows:
        return
    made = upsert(session, Payload.__table__)
    made = made.on_conflict_do_update(
        index_elements=["mention_id"],
        set_={"raw": made.excluded.raw, "expires_at": made.excluded.expires_at},
    )
    session.execute(made, rows)
