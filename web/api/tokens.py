"""Bearer tokens of people: made once and shown once, stored as sha256, with the person's own permissions."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select, update

from alerts import events
from alerts.errors import NotFound
from alerts.models import Person
from listener.db import Database, now
from web.models import ApiToken

PREFIX = "ears_"
USED_EVERY = timedelta(minutes=1)  # how exact `used_at` is


def make(db: Database, person_id: int, name: str) -> str:
    """Make a token and return it; it cannot be shown again."""
    token = PREFIX + secrets.token_urlsafe(32)
    with db.work() as session:
        row = ApiToken(person_id=person_id, name=name.strip()[:120] or "token", hash=_hash(token))
        session.add(row)
        session.flush()
        events.record(session, "token.made", person_id=person_id, data={"token": row.id})
    return token


def revoke(db: Database, person_id: int, token_id: int) -> None:
    """Revoke one of a person's tokens. Raises NotFound."""
    with db.work() as session:
        row = session.get(ApiToken, token_id)
        if row is None or row.person_id != person_id:
            message = f"there is no token {token_id}"
            raise NotFound(message)
        row.revoked_at = row.revoked_at or now()
        events.record(session, "token.revoked", person_id=person_id, data={"token": token_id})


def person_of_token(db: Database, token: str) -> int | None:
    """Return whose token it is; None when it is unknown or revoked, or the person is locked out."""
    with db.read() as session:
        found = session.execute(
            select(ApiToken.id, ApiToken.person_id, ApiToken.used_at)
            .join(Person, Person.id == ApiToken.person_id)
            .where(ApiToken.hash == _hash(token), ApiToken.revoked_at.is_(None), Person.active)
        ).one_or_none()
    if found is None:
        return None
    if found.used_at is None or found.used_at + USED_EVERY < now():
        with db.work() as session:
            session.execute(update(ApiToken).where(ApiToken.id == found.id).values(used_at=now()))
    return int(found.person_id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
