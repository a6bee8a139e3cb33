"""Rules, alerts and what happened to them.

An alert is one customer in one thread. Its row carries all that the inbox shows and filters by, so that a page of
the inbox is one indexed query.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from listener.db import Base, now
from listener.models import BigId


class Rule(Base):
    """When a scored mention raises an alert; rules are tried by `position`, the first that matches wins."""

    __tablename__ = "rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    position: Mapped[int] = mapped_column(default=100)
    enabled: Mapped[bool] = mapped_column(default=True)
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brand.id", ondelete="CASCADE"))
    channels: Mapped[list[str]] = mapped_column(default=list)  # empty = all
    sentiments: Mapped[list[str]] = mapped_column(default=list)  # empty = all
    min_level: Mapped[int] = mapped_column(default=2)
    words: Mapped[str | None] = mapped_column(Text)  # a query of listener.query
    action: Mapped[str] = mapped_column(String(10), default="alert")  # alert | ignore
    needs_approval: Mapped[bool] = mapped_column(default=False)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Incident(Base):
    """Many alerts with one cause: near-duplicates and reposts across channels."""

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brand.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(30))
    state: Mapped[str] = mapped_column(String(10), default="open")  # open | closed
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    alerts: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(default=now)
    last_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Alert(Base):
    """One customer in one thread who needs somebody: open → answered → closed, and back to open."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("ix_alert_inbox", "state", "level", "id"),
        Index("ix_alert_brand", "brand_id", "state", "id"),
        Index("ix_alert_due", "state", "due_at"),
        Index("ix_alert_case", "brand_id", "channel", "thread_key", "author_id"),
        Index("ix_alert_changed", "changed"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id"), unique=True)  # the first of the case
    latest_mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id"), index=True)  # the one to answer
    brand_id: Mapped[int] = mapped_column(ForeignKey("brand.id"))
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("rule.id", ondelete="SET NULL"))
    incident_id: Mapped[int | None] = mapped_column(
        ForeignKey("incident.id", ondelete="SET NULL"), index=True
    )
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"), index=True)
    channel: Mapped[str] = mapped_column(String(30))
    thread_key: Mapped[str] = mapped_column(String(320))
    kind: Mapped[str] = mapped_column(String(10), default="alert")  # alert | watch (no reply expected)
    state: Mapped[str] = mapped_column(String(10), default="open")  # open | answered | closed
    resolution: Mapped[str | None] = mapped_column(
        String(20)
    )  # resolved | not_urgent | spam | duplicate | gone
    level: Mapped[int]
    sentiment: Mapped[str] = mapped_column(String(10))
    category: Mapped[str] = mapped_column(String(30))
    language: Mapped[str] = mapped_column(String(12))
    author: Mapped[str] = mapped_column(String(200), default="")  # handle or name, for the row
    text: Mapped[str] = mapped_column(Text)  # first 280 characters of the latest mention
    url: Mapped[str | None] = mapped_column(Text)
    reply_mode: Mapped[str] = mapped_column(String(10), default="none")
    reasons: Mapped[list[str]] = mapped_column(default=list)
    posts: Mapped[int] = mapped_column(default=1)
    needs_approval: Mapped[bool] = mapped_column(default=False)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    waiting: Mapped[bool] = mapped_column(default=False)  # for the customer
    snoozed_until: Mapped[datetime | None]
    follow_up_at: Mapped[datetime | None] = mapped_column(index=True)
    posted_at: Mapped[datetime]
    collected_at: Mapped[datetime]
    scored_at: Mapped[datetime]
    raised_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    first_response_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(default=0)
    # a number that grows with every change of any alert: what `changes?since=N` asks for
    changed: Mapped[int] = mapped_column(BigId, default=0)


class CaseMention(Base):
    """Every mention that belongs to an alert; a mention belongs to one at most."""

    __tablename__ = "case_mention"

    mention_id: Mapped[int] = mapped_column(ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int] = mapped_column(default=1)  # of the mention, when it was last triaged


class Event(Base):
    """The append-only record: who did what when. Ids and digests only, never text or handles."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_alert", "alert_id", "id"), UniqueConstraint("once"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id", ondelete="SET NULL"))
    mention_id: Mapped[int | None]
    reply_id: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    once: Mapped[str | None] = mapped_column(
        String(120)
    )  # set where the same event must not be written twice


class Note(Base):
    """A remark among colleagues; never published."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=now)
