from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

from sqlalchemy import select

from alerts import digest, unsubscribe
from alerts.models import Digest, Event, Person
from listener.db import Database
from tests.alerts import brand_week as week
from tests.alerts.smtp_server import Server

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
PANEL = SimpleNamespace(public_url="https://listen.example.test")


def token_of(db: Database, smtp: Server, kind: str = "daily") -> str:
    with db.work() as session:
        if session.scalar(select(Person)) is None:
            week.mention(session, week.brand(session), datetime(2026, 11, 24, 12, tzinfo=UTC))
            week.person(session)
        person_id = session.scalars(select(Person.id)).one()
    digest.send_one(db, smtp.mailer(), PANEL, person_id, kind, date(2026, 11, 24), at=AT)  # type: ignore[arg-type]
    return (
        str(smtp.mails[-1]["List-Unsubscribe"]).strip("<>").removeprefix(f"{PANEL.public_url}/unsubscribe/")
    )


def test_the_token_of_a_mail_ends_that_digest_and_only_that(sqlite_db: Database, smtp: Server) -> None:
    token = token_of(sqlite_db, smtp)
    with sqlite_db.read() as session:
        found = unsubscribe.of(session, token)
    assert found is not None
    assert (found.period, found.on, found.email) == ("daily", True, "mia@example.test")
    left = unsubscribe.leave(sqlite_db, token)
    assert left is not None
    assert not left.on
    assert unsubscribe.leave(sqlite_db, token) == left  # a second press is no error
    with sqlite_db.read() as session:
        person = session.scalars(select(Person)).one()
        assert (person.digest_daily, person.digest_weekly) == (False, True)
        events = session.scalars(select(Event).where(Event.kind == "digest.unsubscribed")).all()
    assert [event.data for event in events] == [{"period": "daily"}]


def test_looking_changes_nothing(sqlite_db: Database, smtp: Server) -> None:
    token = token_of(sqlite_db, smtp)
    with sqlite_db.work() as session:
        unsubscribe.of(session, token)
        assert session.scalars(select(Person)).one().digest_daily


def test_only_a_hash_is_stored_and_a_guess_is_nothing(sqlite_db: Database, smtp: Server) -> None:
    token = token_of(sqlite_db, smtp)
    with sqlite_db.read() as session:
        stored = session.scalars(select(Digest.unsubscribe_hash)).one()
        assert stored is not None
        assert unsubscribe.of(session, stored) is None
        assert unsubscribe.of(session, "") is None
    assert token not in stored
    assert unsubscribe.leave(sqlite_db, "guess") is None


def test_last_weeks_mail_still_works(sqlite_db: Database, smtp: Server) -> None:
    old = token_of(sqlite_db, smtp)
    weekly = token_of(sqlite_db, smtp, "weekly")
    assert old != weekly
    left = unsubscribe.leave(sqlite_db, weekly)
    assert left is not None
    assert left.period == "weekly"
    left = unsubscribe.leave(sqlite_db, old)
    assert left is not None
    assert left.period == "daily"
