"""The demo's first digest: yesterday's, sent as soon as the simulated week has been worked off."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from alerts import digest
from alerts.models import Person
from listener.db import now
from web.composition import Context


def send_first_digest(context: Context, email: str) -> None:
    """Send yesterday's digest to one person, whose time zone is UTC in the demo."""
    with context.db.read() as session:
        person_id = session.scalars(select(Person.id).where(Person.email == email)).one()
    yesterday = (now() - timedelta(days=1)).date()
    digest.send_one(context.db, context.mailer, context.settings, person_id, "daily", yesterday)
