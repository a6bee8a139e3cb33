"""The tables of the listener: who is listened to, where, what was heard, and what each poll saw.

Only tables; what is done with them lives in the modules named after the verb (`collect`, `sources`, `coverage`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from listener.db import Base, now

# 64-bit keys on PostgreSQL; SQLite only auto-increments a column that is spelt INTEGER
BigId = BigInteger().with_variant(Integer(), "sqlite")


class Brand(Base):
    """A brand we answer for (`own`) or a competitor we only hear about."""

    __tablename__ = "brand"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    own: Mapped[bool] = mapped_column(default=True)
    # words of the brand's own name that must not count as sentiment ("War Zone")
    neutral_words: Mapped[list[str]] = mapped_column(default=list)
    contact_url: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(default=now)


class BrandQuery(Base):
    """One boolean query of a brand (grammar: `listener.query`)."""

    __tablename__ = "query"

    id: Mapped[int] = mapped_column(primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brand.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Account(Base):
    """One identity on one platform instance: credentials, limits and health, shared by its sources."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("kind", "base_url", "identity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    base_url: Mapped[str] = mapped_column(String(300), default="")
    identity: Mapped[str] = mapped_column(String(200), default="")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)  # nothing secret
    secrets: Mapped[str | None] = mapped_column(Text)  # sealed by listener.vault
    token: Mapped[str | None] = mapped_column(
        Text
    )  # sealed; written by listener.oauth.keeper, as the two below
    renew_at: Mapped[datetime | None]
    renew_lease: Mapped[datetime | None]
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    health: Mapped[str] = mapped_column(String(20), default="unknown")  # unknown | ok | failing | attention
    health_note: Mapped[str | None] = mapped_column(Text)
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def handle(self) -> str | None:
        """How the platform calls this account ("@acme"), as it said itself; None before it was asked."""
        found = self.limits.get("handle")
        return str(found) if found else None


class Source(Base):
    """What an account listens to for a brand: options, schedule, cursor, health."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brand.id"), index=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    every: Mapped[int] = mapped_column(default=300)  # seconds between polls
    cursor: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(20), default="active")  # active | paused | attention
    next_poll_at: Mapped[datetime] = mapped_column(default=now, index=True)
    not_before: Mapped[datetime | None]  # a rate limit's reset: nothing overrides it
    lease_until: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    recheck_after: Mapped[datetime | None]  # no re-check before: one runs, the platform said so, or it failed
    recheck_errors: Mapped[int] = mapped_column(default=0)  # in a row
    complete_at: Mapped[datetime | None]  # all that was there at this instant has been read
    failing_since: Mapped[datetime | None]
    errors: Mapped[int] = mapped_column(default=0)  # in a row
    error: Mapped[str | None] = mapped_column(Text)
    hint: Mapped[str | None] = mapped_column(Text)
    hook_hash: Mapped[str | None] = mapped_column(
        String(64), index=True
    )  # sha256 of the secret in /hooks/<source>/<secret>
    created_at: Mapped[datetime] = mapped_column(default=now)


class Author(Base):
    """Somebody who wrote a post, as far as the platform says."""

    __tablename__ = "author"
    __table_args__ = (UniqueConstraint("channel", "instance", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(30))
    instance: Mapped[str] = mapped_column(String(200), default="")
    external_id: Mapped[str] = mapped_column(String(200))
    handle: Mapped[str | None] = mapped_column(String(200), index=True)
    name: Mapped[str | None] = mapped_column(String(200))
    url: Mapped[str | None] = mapped_column(Text)
    followers: Mapped[int | None]
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Mention(Base):
    """One post, comment, review, message or mail; unique by channel, instance and platform id.

    `stage` walks collected → scored → triaged (or stuck) and is moved only by `listener.stages`.
    """

    __tablename__ = "mention"
    __table_args__ = (
        UniqueConstraint("channel", "instance", "external_id"),
        Index(
            "ix_mention_waiting",
            "stage",
            "id",
            sqlite_where=text("stage IN ('collected', 'scored')"),
            postgresql_where=text("stage IN ('collected', 'scored')"),
        ),
        Index(
            "ix_mention_gone",
            "id",
            sqlite_where=text("gone_at IS NOT NULL AND NOT gone_seen"),
            postgresql_where=text("gone_at IS NOT NULL AND NOT gone_seen"),
        ),
        Index("ix_mention_thread", "channel", "instance", "thread_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(30))
    instance: Mapped[str] = mapped_column(String(200), default="")
    external_id: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20), default="post")  # post | comment | review | message | mail
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"), index=True)
    title: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    url: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(12))  # as the platform declares it
    rating: Mapped[float | None]
    rating_scale: Mapped[int | None]
    thread_id: Mapped[str | None] = mapped_column(String(300))
    parent_id: Mapped[str | None] = mapped_column(String(300))
    parent_text: Mapped[str | None] = mapped_column(Text)
    repost_of: Mapped[str | None] = mapped_column(String(300))
    quoted_id: Mapped[str | None] = mapped_column(String(300))
    addressed_to_us: Mapped[bool] = mapped_column(default=False)
    visibility: Mapped[str] = mapped_column(String(20), default="public")
    media: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    engagement: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reposts: Mapped[int] = mapped_column(default=0)
    extra: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # what a reply needs: root refs, mail headers, app version
    reply_mode: Mapped[str] = mapped_column(String(10), default="none")  # api | link | none
    reply_reason: Mapped[str | None] = mapped_column(Text)
    existing_reply: Mapped[str | None] = mapped_column(Text)
    posted_at: Mapped[datetime]  # the author's word
    edited_at: Mapped[datetime | None]
    collected_at: Mapped[datetime] = mapped_column(default=now, index=True)
    history: Mapped[bool] = mapped_column(default=False)  # imported with --no-alerts
    gone_at: Mapped[datetime | None]
    gone_seen: Mapped[bool] = mapped_column(default=False)  # the room above has taken note of the deletion
    # when the platform is asked again; None = never (`listener.recheck`)
    recheck_at: Mapped[datetime | None] = mapped_column(index=True)
    checked_at: Mapped[datetime | None]  # when it was last asked
    revision: Mapped[int] = mapped_column(default=1)
    stage: Mapped[str] = mapped_column(String(12), default="collected")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    stuck_reason: Mapped[str | None] = mapped_column(Text)


class Hit(Base):
    """Who heard a mention, for whom: the reply goes out through the account of this source."""

    __tablename__ = "hit"
    __table_args__ = (Index("ix_hit_brand", "brand_id", "mention_id"),)

    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brand.id"))
    query_id: Mapped[int | None] = mapped_column(ForeignKey("query.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(default=now)


class OwnPost(Base):
    """A post of our own account in a thread we know, written here or natively on the platform."""

    __tablename__ = "own_post"
    __table_args__ = (UniqueConstraint("channel", "instance", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    channel: Mapped[str] = mapped_column(String(30))
    instance: Mapped[str] = mapped_column(String(200), default="")
    external_id: Mapped[str] = mapped_column(String(300))
    parent_id: Mapped[str | None] = mapped_column(String(300), index=True)
    thread_id: Mapped[str | None] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    posted_at: Mapped[datetime]
    seen: Mapped[bool] = mapped_column(default=False, index=True)  # the room above has taken note


class Payload(Base):
    """The raw answer of the platform for one mention, gzip JSON, kept until `expires_at`."""

    __tablename__ = "payload"

    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Poll(Base):
    """The coverage ledger: what one poll of one source asked for and saw."""

    __tablename__ = "poll"
    __table_args__ = (Index("ix_poll_source", "source_id", "started_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    asked_from: Mapped[datetime | None]  # what was read completely before; the window ends at `started_at`
    oldest_at: Mapped[datetime | None]  # of the posts seen
    newest_at: Mapped[datetime | None]
    pages: Mapped[int] = mapped_column(default=0)
    fetched: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    unmatched: Mapped[int] = mapped_column(default=0)  # fetched, but the query does not match
    own: Mapped[int] = mapped_column(default=0)
    late: Mapped[int] = mapped_column(default=0)  # new, though written before `asked_from`: shown late
    lag_seconds: Mapped[float | None]  # median age of the new posts when they were heard; None without any
    truncated: Mapped[bool] = mapped_column(default=False)
    backfilled: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None] = mapped_column(Text)
    pushed: Mapped[bool] = mapped_column(
        default=False
    )  # a webhook or a file: proves nothing of what else there was


class Reading(Base):
    """Paid reads of one source on one day (UTC), by what they were for; written by `listener.budget` alone."""

    __tablename__ = "reading"

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10), primary_key=True)  # poll | recheck | preview | stream
    reads: Mapped[int] = mapped_column(default=0)
