"""Alerts and replies as JSON objects, the same for the command line and whoever else prints them. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.models import Alert, Person, Reply
from listener.models import Author, Brand, Mention


def alerts(session: Session, rows: Sequence[Alert]) -> list[dict[str, Any]]:
    """Return one object an alert; `mention` is the newest post of the customer, the one to answer."""
    brands = {row.id: row.name for row in session.execute(select(Brand.id, Brand.name))}
    people = {row.id: row.email for row in session.execute(select(Person.id, Person.email))}
    found = session.execute(
        select(
            Mention.id,
            Mention.external_id,
            Mention.text,
            Mention.url,
            Mention.gone_at,
            Author.handle,
            Author.name,
        )
        .outerjoin(Author, Author.id == Mention.author_id)
        .where(Mention.id.in_([row.latest_mention_id for row in rows]))
    )
    mentions = {
        row.id: {
            "external_id": row.external_id,
            "author": row.handle or row.name,
            "text": row.text if row.gone_at is None else "",  # deleted upstream is deleted here
            "url": row.url,
        }
        for row in found
    }
    return [
        {
            "id": row.id,
            "state": row.state,
            "level": row.level,
            "brand": brands.get(row.brand_id),
            "channel": row.channel,
            "assignee": people.get(row.assignee_id) if row.assignee_id is not None else None,
            "due_at": iso(row.due_at),
            "reply_mode": row.reply_mode,
            "mention": mentions[row.latest_mention_id],
        }
        for row in rows
    ]


def replies(session: Session, row: Alert) -> list[dict[str, Any]]:
    """Return the replies of an alert in the order they were written, drafts not."""
    found = session.scalars(
        select(Reply).where(Reply.alert_id == row.id, Reply.state != "draft").order_by(Reply.id)
    )
    return [reply(session, each) for each in found]


def reply(session: Session, row: Reply) -> dict[str, Any]:
    """Return one reply; `by` is an address, None for an answer that was written on the platform itself."""
    person = session.get(Person, row.person_id) if row.person_id is not None else None
    return {
        "id": row.id,
        "state": row.state,
        "text": row.text,
        "by": person.email if person is not None else None,
        "external_id": row.external_id,
        "url": row.url,
        "sent_at": iso(row.sent_at),
        "error": row.error,
        "pending": row.pending,
    }


def iso(at: datetime | None) -> str | None:
    """Write an instant in UTC, None stays None."""
    return at.isoformat() if at is not None else None
