"""What went out to our own people: notifications and digests."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from listener.db import Base, now
from listener.models import BigId


class Delivery(Base):
    """One notification to one address; `key` makes it happen once ("alert:17:person:3", "source:4:attention:…")."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_due", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))  # alert | attention | invite | follow_up
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    target: Mapped[str] = mapped_column(String(20), default="mail")  # mail | apprise
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)  # ids only
    state: Mapped[str] = mapped_column(
        String(10), default="waiting"
    )  # waiting | sending | sent | skipped | failed
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]


class Digest(Base):
    """One digest of one reader for one local period. The key is the period, never the time it was made:
    a clock change or a late start must not send it twice."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("person_id", "period", "start"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    period: Mapped[str] = mapped_column(String(10))  # daily | weekly
    start: Mapped[date]  # first local day covered
    state: Mapped[str] = mapped_column(
        String(10), default="waiting"
    )  # waiting | sending | sent | empty | failed
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(default=now, index=True)
    lease_until: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(String(200))
    # sha256 of the token in the mail's List-Unsubscribe address
    unsubscribe_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]


class Hold(Base):
    """While a row exists nothing leaves the house: set by a restore, removed by `allears db confirm`."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=now)
