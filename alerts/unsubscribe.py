"""Leaving a digest from the mail itself: one token per mail, good for its one purpose, stored as a hash.

`leave` is for the POST of a mail client (RFC 8058) or of a person who pressed the button; a GET only asks `of`, because
link scanners follow every link in a mail.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.events import record
from alerts.models import Digest, Person
from listener.db import Database

PATH = "/unsubscribe/"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a token is about. `on` is False once the person has left."""

    person_id: int
    email: str
    locale: str
    period: str  # daily | weekly
    on: bool


def new_token() -> tuple[str, str]:
    """Return a fresh token for a mail and the hash to store."""
    token = secrets.token_urlsafe(24)
    return token, digest_of(token)


def digest_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def link(public_url: str, token: str) -> str:
    """Return the address that goes into the mail."""
    return f"{public_url.rstrip('/')}{PATH}{token}"


def of(session: Session, token: str) -> Subscription | None:
    """Return what a token is about, None when it is unknown. Changes nothing."""
    found = session.execute(
        select(Person, Digest.period)
        .join(Digest, Digest.person_id == Person.id)
        .where(Digest.unsubscribe_hash == digest_of(token))
    ).one_or_none()
    if found is None:
        return None
    person, period = found
    on = person.digest_weekly if period == "weekly" else person.digest_daily
    return Subscription(person.id, person.email, person.locale, period, on)


def leave(db: Database, token: str) -> Subscription | None:
    """Switch that one digest off for that one person; None when the token is unknown. Asking twice is no error."""
    with db.work() as session:
        found = of(session, token)
        if found is None or not found.on:
            return found
        person = session.get_one(Person, found.person_id)
        if found.period == "weekly":
            person.digest_weekly = False
        else:
            person.digest_daily = False
        record(session, "digest.unsubscribed", person_id=person.id, data={"period": found.period})
        return Subscription(person.id, person.email, person.locale, found.period, on=False)
