"""The hold: a restored instance sends nothing until a person confirms that it is the one that may."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alerts.events import record
from alerts.models import Hold
from listener.oauth import keeper


def held(session: Session) -> str | None:
    """Return why nothing may be sent, or None."""
    return session.scalar(select(Hold.reason).limit(1))


def hold(session: Session, reason: str) -> None:
    """Stop everything that goes out: replies, notifications, digests, and the renewal of tokens that work once."""
    session.add(Hold(reason=reason))
    keeper.hold(session)
    record(session, "hold.set")


def confirm(session: Session) -> bool:
    """Lift the hold; return whether there was one."""
    there = held(session) is not None
    if there:
        session.execute(delete(Hold))
        keeper.release(session)
        record(session, "hold.lifted")
    return there
