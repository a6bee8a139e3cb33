"""Server-side sessions: a random token in the cookie, its sha256 in a row; rotated at log-in, dead at log-out.

Nothing about a person travels in the cookie, so a copied one dies with its row.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from listener.db import Database, now
from web.models import LoginSession

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)
NOTE_EVERY = timedelta(minutes=1)  # how exact `seen_at` is: one write a minute, not one a click


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(db: Database, person_id: int, *, replaces: str | None = None, at: datetime | None = None) -> str:
    """Open a session for a person and return its token; the session of `replaces` ends with it."""
    at = at or now()
    token = secrets.token_urlsafe(32)
    with db.work() as session:
        if replaces:
            session.execute(delete(LoginSession).where(LoginSession.id == digest(replaces)))
        session.execute(delete(LoginSession).where(LoginSession.expires_at < at))
        session.add(
            LoginSession(
                id=digest(token), person_id=person_id, created_at=at, seen_at=at, expires_at=at + ABSOLUTE
            )
        )
    return token


def person_of(db: Database, token: str, *, at: datetime | None = None) -> int | None:
    """Return whose session it is, None when it is unknown, idle for too long or past its end."""
    at = at or now()
    with db.read() as session:
        found = session.get(LoginSession, digest(token))
    if found is None or found.expires_at <= at or found.seen_at + IDLE <= at:
        return None
    if found.seen_at + NOTE_EVERY <= at:
        with db.work() as session:
            session.execute(update(LoginSession).where(LoginSession.id == found.id).values(seen_at=at))
    return found.person_id


def end(db: Database, token: str) -> None:
    """End one session."""
    with db.work() as session:
        session.execute(delete(LoginSession).where(LoginSession.id == digest(token)))


def end_all(db: Database, person_id: int, *, but: str | None = None) -> int:
    """End a person's sessions (password changed, deactivated), except the one of `but`; return how many."""
    with db.work() as session:
        ids = list(session.scalars(select(LoginSession.id).where(LoginSession.person_id == person_id)))
        keep = digest(but) if but else None
        gone = [one for one in ids if one != keep]
        session.execute(delete(LoginSession).where(LoginSession.id.in_(gone)))
    return len(gone)
