"""Writes the append-only record of who did what when. Ids, states and digests only, never text or handles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from alerts.models import Event
from listener.db import now, upsert


def record(  # noqa: PLR0913 - the columns of an event
    session: Session,
    kind: str,
    *,
    person_id: int | None = None,
    alert_id: int | None = None,
    mention_id: int | None = None,
    reply_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    once: str | None = None,
    at: datetime | None = None,
) -> None:
    """Add one event to the caller's transaction.

    `once` names an event that may exist a single time ("alert.raised:17"): a second one changes nothing.
    """
    values = {
        "at": at or now(),
        "kind": kind,
        "person_id": person_id,
        "alert_id": alert_id,
        "mention_id": mention_id,
        "reply_id": reply_id,
        "data": dict(data or {}),
        "once": once,
    }
    session.flush()  # the rows it names must exist before it
    session.execute(upsert(session, Event).on_conflict_do_nothing(index_elements=["once"]), [values])
