"""Erases one author everywhere: posts, payloads, drafts, suggestions and what our rows quote of them.

Counts and dates stay, so reports do not change; the audit log holds ids only and needs no change.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from alerts.events import record
from alerts.models import Alert, Suggestion
from listener.db import Database, now
from listener.errors import ListenerError
from listener.models import Author, Mention, Payload
from sentiment.models import Score
from web.models import Draft


class EraseError(ListenerError):
    """The author cannot be found; the text says what was looked for."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was (or would be) erased."""

    authors: int
    mentions: int
    alerts: int


def erase(db: Database, channel: str, handle: str, *, dry_run: bool = False) -> Erased:
    """Erase the author with this handle (or platform id) on a channel. Raises EraseError if there is none."""
    wanted = handle.removeprefix("@")
    with db.work() as session:
        authors = list(
            session.scalars(
                select(Author.id).where(
                    Author.channel == channel,
                    or_(Author.handle == wanted, Author.handle == f"@{wanted}", Author.external_id == wanted),
                )
            )
        )
        if not authors:
            message = (
                f"no author {handle!r} is known on {channel}; `allears export mentions` shows the handles"
            )
            raise EraseError(message)
        mentions = list(session.scalars(select(Mention.id).where(Mention.author_id.in_(authors))))
        alerts = list(session.scalars(select(Alert.id).where(Alert.author_id.in_(authors))))
        if not dry_run:
            _blank(session, authors, mentions, alerts)
    return Erased(len(authors), len(mentions), len(alerts))


def _blank(session: Session, authors: list[int], mentions: list[int], alerts: list[int]) -> None:
    at = now()
    session.execute(
        update(Author)
        .where(Author.id.in_(authors))
        .values(handle=None, name=None, url=None, followers=None, erased_at=at)
    )
    session.execute(
        update(Mention)
        .where(Mention.id.in_(mentions))
        .values(
            text="",
            title=None,
            url=None,
            parent_text=None,
            existing_reply=None,
            media=[],
            extra={},
            gone_at=at,
        )
    )
    session.execute(
        update(Alert).where(Alert.id.in_(alerts)).values(author="", text="", url=None, reasons=[])
    )
    session.execute(update(Score).where(Score.mention_id.in_(mentions)).values(reasons=[]))
    for table in (Payload, Suggestion, Draft):
        session.execute(delete(table).where(table.mention_id.in_(mentions)))
    record(session, "author.erased", data={"authors": authors, "mentions": len(mentions)})
