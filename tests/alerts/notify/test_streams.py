"""A stream that needs a person is told once, as what it is: later, not lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from alerts import notify
from alerts.models import Delivery
from listener.db import Database
from listener.models import Source
from listener.streams.models import Stream
from tests.alerts import brand_week as week
from tests.alerts.notify.test_deliver import PANEL, later
from tests.alerts.smtp_server import Server

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def furnish(db: Database, locale: str = "en") -> int:
    with db.work() as session:
        acme = week.brand(session)
        week.person(session, role="admin", locale=locale)
        source = week.source_of(session, acme)
        source.state, source.errors = "active", 0
        session.add(
            Stream(source_id=source.id, state="attention", since=NOON, next_at=NOON, errors=2,
                   error="401 the token has expired", hint="Connect the account again")
        )  # fmt: skip
        return source.id


def notices(db: Database) -> list[Delivery]:
    with db.read() as session:
        return list(session.scalars(select(Delivery)))


def test_it_is_told_once_and_only_when_the_polls_still_hear(db: Database) -> None:
    source_id = furnish(db)
    assert notify.attention(db, at=NOON + timedelta(minutes=5)) == 0  # the polls may say the same in a moment
    assert notify.attention(db, at=NOON + timedelta(minutes=11)) == 1
    assert notify.attention(db, at=NOON + timedelta(days=2)) == 0
    with db.work() as session:
        session.get_one(Stream, source_id).since = NOON + timedelta(days=3)
        session.get_one(Source, source_id).errors = 1
    assert notify.attention(db, at=NOON + timedelta(days=4)) == 0
    assert len(notices(db)) == 1


@pytest.mark.parametrize(
    ("locale", "subject", "says"),
    [("en", "The stream of Acme mastodon is down: it needs you", "heard some minutes later"),
     ("fr", "Le flux de Acme mastodon est interrompu : il a besoin de vous", "quelques minutes plus tard")],
)  # fmt: skip
def test_the_mail_says_that_nothing_is_lost(
    db: Database, smtp: Server, locale: str, subject: str, says: str
) -> None:
    furnish(db, locale)
    notify.attention(db, at=NOON + timedelta(hours=1))
    notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1))
    (mail,) = smtp.mails
    assert mail["Subject"] == subject
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        assert says in text
        assert "401 the token has expired" in text
        assert "Connect the account again" in text
        assert "not seen" not in text


def test_what_works_again_is_not_mailed(db: Database, smtp: Server) -> None:
    source_id = furnish(db)
    notify.attention(db, at=NOON + timedelta(hours=1))
    with db.work() as session:
        session.get_one(Stream, source_id).state = "up"
    assert notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1)) == 0
    assert not smtp.mails
