"""Looks again at what people have said: edits, deletions and answers given elsewhere reach alerts and the next digest.

This room knows what cannot wait (a customer's post with an open alert); how a platform is asked, and how often, is the
listener's.
"""

from __future__ import annotations

from sqlalchemy import Select, select

from alerts import flow
from alerts.models import Alert, CaseMention
from alerts.rules import ALERT
from listener.db import Database, now
from listener.ground import Ground
from listener.recheck import run as run_
from listener.recheck import schedule


def pressing() -> Select[int]:
    """Return the query of the ids of mentions with an open alert; what nobody has to answer can wait."""
    return (
        select(CaseMention.mention_id)
        .join(Alert, Alert.id == CaseMention.alert_id)
        .where(Alert.state == flow.OPEN, Alert.kind == ALERT)
    )


def due(db: Database) -> list[int]:
    """Claim the sources that have something to look at; return their ids."""
    at = now()
    schedule.plan(db, pressing(), at=at)
    return schedule.due(db, at=at)


def run(db: Database, ground: Ground, source_id: int) -> run_.Outcome:
    """Look at what is due of one source."""
    return run_.run(db, ground, source_id, pressing=pressing())
