"""Replies (the outbox), suggestions, playbooks, corrections and idempotency keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from listener.db import Base, now
from listener.models import BigId

_UNDER_WAY = "state IN ('awaiting_approval', 'approved', 'sending', 'unknown')"


class Reply(Base):
    """One public answer to one mention; the alert is optional.

    draft → awaiting_approval → approved(send_after) → sending → sent → visible | removed; side exits: withdrawn,
    superseded, rejected, failed, unknown, by_hand. `sending` is committed before the platform is called.
    """

    __tablename__ = "reply"
    __table_args__ = (
        # the server's own guard against two answers at once: at most one reply under way per mention
        Index(
            "uq_reply_under_way",
            "mention_id",
            unique=True,
            sqlite_where=text(_UNDER_WAY),
            postgresql_where=text(_UNDER_WAY),
        ),
        Index("ix_reply_due", "state", "send_after"),
        Index(
            "ix_reply_pending", "check_after", sqlite_where=text("pending"), postgresql_where=text("pending")
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id"), index=True)
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id", ondelete="SET NULL"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str] = mapped_column(String(20), default="draft")
    origin: Mapped[str] = mapped_column(String(10), default="panel")  # panel | api | cli | native
    revision: Mapped[int] = mapped_column(default=1)  # of the mention it answers
    text: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(
        String(64), unique=True
    )  # sent to platforms that take an idempotency key
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    suggestion_id: Mapped[int | None] = mapped_column(ForeignKey("suggestion.id", ondelete="SET NULL"))
    send_after: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]  # start of the last call: what find() searches from
    # of an `unknown`: not before the platform's read lag is over; of a pending one: when to look again
    check_after: Mapped[datetime | None]
    pending: Mapped[bool] = mapped_column(
        default=False
    )  # accepted, but not visible yet: moderated, or on its way
    external_id: Mapped[str | None] = mapped_column(String(300))
    url: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    approved_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]


class Suggestion(Base):
    """A proposed answer, marked as such; written at triage, replaced when the customer writes again."""

    __tablename__ = "suggestion"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id", ondelete="CASCADE"), unique=True)
    revision: Mapped[int]
    language: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    steps: Mapped[list[str]] = mapped_column(default=list)  # of the five-step protocol it covers
    playbook: Mapped[str] = mapped_column(String(120))  # which entry it was made from
    created_at: Mapped[datetime] = mapped_column(default=now)


class Playbook(Base):
    """An edited playbook entry; the shipped ones are files, a row here with the same key replaces its text."""

    __tablename__ = "playbook"
    __table_args__ = (UniqueConstraint("key", "locale", "brand_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60))  # e.g. "acknowledge.delivery_delay"
    locale: Mapped[str] = mapped_column(String(8))
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brand.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    edited_at: Mapped[datetime] = mapped_column(default=now)


class Feedback(Base):
    """A correction of a score by a person: what the model should have said."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    field: Mapped[str] = mapped_column(String(20))  # sentiment | urgency | category | needs_reply
    value: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime] = mapped_column(default=now)


class Idempotency(Base):
    """The answer given to a write with an Idempotency-Key, so that a replay gets the same one."""

    __tablename__ = "idempotency"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)  # "<person>:<route>:<client key>"
    digest: Mapped[str] = mapped_column(
        String(64)
    )  # of the request body: another body under the key is refused
    status: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
