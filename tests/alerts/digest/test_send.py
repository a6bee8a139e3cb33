from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from alerts import digest, holding
from alerts.digest import send
from alerts.errors import AlertsError
from alerts.mail import Mailer
from alerts.models import Digest, Person
from alerts.settings import MailSettings
from listener.db import Database
from tests.alerts import brand_week as week
from tests.alerts.smtp_server import Server

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
PANEL = SimpleNamespace(public_url="https://listen.example.test")


def readers(db: Database, *emails: str, **fields: object) -> list[int]:
    with db.work() as session:
        acme = week.brand(session)
        week.mention(session, acme, NOON, sentiment="negative")
        return [week.person(session, email, **{"digest_weekly": False, **fields}).id for email in emails]


def rows(db: Database) -> list[Digest]:
    with db.read() as session:
        return list(session.scalars(select(Digest).order_by(Digest.id)))


def test_one_mail_per_reader_and_period_however_often_somebody_looks(db: Database, smtp: Server) -> None:
    readers(db, "mia@example.test", "leo@example.test")
    assert digest.due(db, AT) == 2
    for later in (0, 5, 60 * 10):
        digest.due(db, AT + timedelta(minutes=later))
        digest.send_due(db, smtp.mailer(), PANEL, at=AT + timedelta(minutes=later))
    assert sorted(smtp.recipients) == [["leo@example.test"], ["mia@example.test"]]
    assert {(row.state, row.start, row.period) for row in rows(db)} == {("sent", DAY, "daily")}


def test_two_clocks_and_four_workers_send_once(db: Database, smtp: Server) -> None:
    readers(db, *(f"reader{n}@example.test" for n in range(6)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: digest.due(db, AT), range(4)))
        list(pool.map(lambda _: digest.send_due(db, smtp.mailer(), PANEL, at=AT), range(4)))
    assert sorted(to for (to,) in smtp.recipients) == [f"reader{n}@example.test" for n in range(6)]


def test_daily_and_weekly_are_different_mails(db: Database, smtp: Server) -> None:
    readers(db, "mia@example.test", digest_weekly=True)
    assert digest.due(db, AT) == 2
    assert {(row.period, row.start) for row in rows(db)} == {("daily", DAY), ("weekly", date(2026, 11, 16))}


def test_before_the_readers_hour_nothing_is_due(db: Database) -> None:
    with db.work() as session:
        week.person(
            session, timezone="America/New_York", digest_weekly=False, created_at=AT - timedelta(hours=12)
        )
    assert digest.due(db, AT) == 0  # half past three in the night there
    assert digest.due(db, AT + timedelta(hours=5)) == 1


def test_who_joined_after_the_hour_is_not_told_of_the_past(db: Database) -> None:
    readers(db, "mia@example.test", created_at=AT - timedelta(minutes=10))
    assert digest.due(db, AT) == 0
    assert digest.due(db, AT + timedelta(days=1)) == 1


def test_after_three_days_down_there_is_one_late_digest_for_the_right_day(db: Database, smtp: Server) -> None:
    readers(db, "mia@example.test")
    digest.due(db, AT - timedelta(days=3))
    assert digest.due(db, AT) == 1
    digest.send_due(db, smtp.mailer(), PANEL, at=AT)
    assert len(smtp.mails) == 1
    assert [(row.start, row.state) for row in rows(db)] == [(date(2026, 11, 21), "failed"), (DAY, "sent")]


def test_nothing_happened_no_mail(db: Database, smtp: Server) -> None:
    with db.work() as session:
        week.person(session, digest_weekly=False)
    digest.due(db, AT)
    assert digest.send_due(db, smtp.mailer(), PANEL, at=AT) == []
    assert [row.state for row in rows(db)] == ["empty"]
    assert not smtp.mails


def test_a_busy_mailbox_is_tried_again_and_does_not_stop_the_others(db: Database, smtp: Server) -> None:
    readers(db, "mia@example.test", "leo@example.test")
    smtp.answers["mia@example.test"] = "451 4.3.0 busy"
    digest.due(db, AT)
    digest.send_due(db, smtp.mailer(), PANEL, at=AT)
    assert smtp.recipients == [["leo@example.test"]]
    (waits,) = [row for row in rows(db) if row.state == "waiting"]
    assert "451 4.3.0 busy" in (waits.error or "")
    smtp.answers.clear()
    assert digest.send_due(db, smtp.mailer(), PANEL, at=AT + timedelta(seconds=30)) == []
    assert digest.send_due(db, smtp.mailer(), PANEL, at=AT + timedelta(seconds=61)) == [waits.id]
    assert smtp.mails[1]["Message-ID"] == waits.message_id  # the same mail for whoever compares


def test_a_refused_address_fails_with_its_reason(db: Database, smtp: Server) -> None:
    readers(db, "mia@example.test", "leo@example.test")
    smtp.answers["mia@example.test"] = "550 5.1.1 nobody here"
    digest.due(db, AT)
    digest.send_due(db, smtp.mailer(), PANEL, at=AT)
    digest.send_due(db, smtp.mailer(), PANEL, at=AT + timedelta(days=2))
    assert smtp.recipients == [["leo@example.test"]]
    (failed,) = [row for row in rows(db) if row.state == "failed"]
    assert "550 5.1.1 nobody here" in (failed.error or "")


def test_a_server_that_dies_after_the_body_gets_no_second_mail(db: Database, smtp: Server) -> None:
    readers(db, "mia@example.test")
    smtp.hang_up = True
    digest.due(db, AT)
    digest.send_due(db, smtp.mailer(), PANEL, at=AT)
    smtp.hang_up = False
    digest.send_due(db, smtp.mailer(), PANEL, at=AT + timedelta(days=1))
    assert len(smtp.mails) == 1
    assert [(row.state, "may have arrived" in (row.error or "")) for row in rows(db)] == [("failed", True)]


def test_a_server_that_is_down_costs_nothing_but_time(db: Database, smtp: Server) -> None:
    readers(db, "mia@example.test", "leo@example.test")
    digest.due(db, AT)
    dead = Mailer(MailSettings(host="127.0.0.1", port=1, sender="allears@example.test"))
    assert digest.send_due(db, dead, PANEL, at=AT) == []
    assert len(digest.send_due(db, smtp.mailer(), PANEL, at=AT + timedelta(minutes=2))) == 2


def test_a_reader_whose_digest_cannot_be_made_does_not_stop_the_others(
    db: Database, smtp: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, _ = readers(db, "mia@example.test", "leo@example.test")
    real = send.build

    def build(session: object, person: Person, *rest: object, **named: object) -> object:
        if person.id == broken:
            raise ZeroDivisionError
        return real(session, person, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(send, "build", build)
    digest.due(db, AT)
    digest.send_due(db, smtp.mailer(), PANEL, at=AT)
    assert smtp.recipients == [["leo@example.test"]]
    assert ["ZeroDivisionError" in (row.error or "") for row in rows(db) if row.state == "waiting"] == [True]


def test_an_address_that_is_none_fails_alone(db: Database, smtp: Server) -> None:
    readers(db, "not an address", "leo@example.test")
    digest.due(db, AT)
    digest.send_due(db, smtp.mailer(), PANEL, at=AT)
    assert smtp.recipients == [["leo@example.test"]]
    assert sorted(row.state for row in rows(db)) == ["failed", "sent"]


def test_who_leaves_between_due_and_sent_gets_nothing(db: Database, smtp: Server) -> None:
    (mia,) = readers(db, "mia@example.test")
    digest.due(db, AT)
    with db.work() as session:
        session.get_one(Person, mia).digest_daily = False
    digest.send_due(db, smtp.mailer(), PANEL, at=AT)
    assert not smtp.mails


def test_a_restored_instance_sends_nothing_until_confirmed(db: Database, smtp: Server) -> None:
    (mia,) = readers(db, "mia@example.test")
    digest.due(db, AT)
    with db.work() as session:
        holding.hold(session, "restored from a backup")
    assert digest.due(db, AT + timedelta(days=1)) == 0
    assert digest.send_due(db, smtp.mailer(), PANEL, at=AT) == []
    with pytest.raises(AlertsError, match="allears db confirm"):
        digest.send_one(db, smtp.mailer(), PANEL, mia, "daily", DAY, at=AT)
    with db.work() as session:
        holding.confirm(session)
    assert len(digest.send_due(db, smtp.mailer(), PANEL, at=AT)) == 1


def test_asked_by_a_person_it_goes_out_once_and_a_failed_one_again(db: Database, smtp: Server) -> None:
    (mia,) = readers(db, "mia@example.test", digest_daily=False)
    smtp.data.append("554 spam")
    assert digest.send_one(db, smtp.mailer(), PANEL, mia, "daily", DAY, at=AT).state == "failed"
    assert digest.send_one(db, smtp.mailer(), PANEL, mia, "daily", DAY, at=AT).state == "sent"
    assert digest.send_one(db, smtp.mailer(), PANEL, mia, "daily", DAY, at=AT).state == "sent"
    assert len(smtp.mails) == 1
    with pytest.raises(AlertsError, match="ALLEARS_MAIL__HOST"):
        digest.send_one(db, Mailer(MailSettings()), PANEL, mia, "daily", DAY - timedelta(days=1), at=AT)


def test_a_preview_stores_nothing(db: Database, smtp: Server) -> None:
    (mia,) = readers(db, "mia@example.test")
    message = digest.preview(db, smtp.mailer(), PANEL, mia, "daily", DAY, at=AT)
    assert message["Subject"] == "1 negative mention of 1 · Tue, Nov 24"
    assert rows(db) == []
    assert not smtp.mails
