"""Scores mentions again with another model: new rows beside the old ones, each with its model's name.

Never changes a mention's stage and never raises an alert: a new opinion on old posts wakes nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from listener import stages
from listener.db import Database
from listener.models import Mention
from sentiment.models import Score
from sentiment.score import read, save

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentiment.reader import Reader


def rescore(
    db: Database, reader: Reader, *, since: datetime | None = None, batch: int = 256
) -> Iterator[int]:
    """Score every mention that this model has not scored in its present wording; yield how many are done.

    ``since`` leaves out what was collected earlier. Newest first, so that what people look at is
    renewed first; a stopped run goes on where it was, because what is done is skipped.
    """
    last: int | None = None
    done = 0
    while True:
        wanted = (
            select(Mention.id)
            .outerjoin(
                Score,
                and_(
                    Score.mention_id == Mention.id,
                    Score.revision == Mention.revision,
                    Score.model == reader.name,
                ),
            )
            .where(Score.id.is_(None), Mention.stage.in_((stages.SCORED, stages.TRIAGED)))
            .order_by(Mention.id.desc())
            .limit(batch)
        )
        if since is not None:
            wanted = wanted.where(Mention.collected_at >= since)
        if last is not None:
            wanted = wanted.where(Mention.id < last)
        with db.read() as session:
            ids = list(session.scalars(wanted))
        if not ids:
            return
        rows = read(db, reader, ids)
        with db.work() as session:
            save(session, rows)
        last = ids[-1]
        done += len(rows)
        yield done
