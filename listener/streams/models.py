"""The tables of streams: who holds one and how it goes, and the ledger of when it was up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from listener.db import Base, now
from listener.models import BigId

DOWN, UP, ATTENTION = "down", "up", "attention"


class Stream(Base):
    """The stream of one source. `holder` is the token of the claim: whoever finds another one there has lost it."""

    __tablename__ = "stream"

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    holder: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    cursor: Mapped[dict[str, Any] | None]  # of the stream alone: polls have theirs
    state: Mapped[str] = mapped_column(String(20), default=DOWN)  # down | up | attention
    since: Mapped[datetime] = mapped_column(default=now)  # of the state
    next_at: Mapped[datetime] = mapped_column(default=now)  # not connected before
    errors: Mapped[int] = mapped_column(default=0)  # in a row
    error: Mapped[str | None] = mapped_column(Text)
    hint: Mapped[str | None] = mapped_column(Text)


class Span(Base):
    """One time during which a stream was up: what it heard, and why it ended (no error: we ended it)."""

    __tablename__ = "stream_span"
    __table_args__ = (Index("ix_stream_span_source", "source_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    fetched: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    unmatched: Mapped[int] = mapped_column(default=0)
    own: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
