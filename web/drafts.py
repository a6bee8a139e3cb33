"""Lets go what people were writing to posts that are gone: a draft quotes, and nobody will send it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from listener.db import Database
from listener.models import Mention
from listener.ticks import Tick
from web.models import Draft


def forget(db: Database) -> int:
    """Delete the drafts of posts that were deleted upstream or erased; return how many mentions had some."""
    gone = select(Draft.mention_id).join(Mention, Mention.id == Draft.mention_id)
    with db.read() as session:  # mostly there is none
        ids = set(session.scalars(gone.where(Mention.gone_at.is_not(None))))
    if ids:
        with db.work() as session:
            session.execute(delete(Draft).where(Draft.mention_id.in_(ids)))
    return len(ids)


def ticks(db: Database) -> Sequence[Tick]:
    """Return this room's own tick of the clock."""
    return [Tick("drafts", 60, lambda: forget(db))]
