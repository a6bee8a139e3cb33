from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from alerts import holding, notify
from alerts.mail import Mailer
from alerts.models import Alert, Delivery
from alerts.settings import AlertSettings, MailSettings
from listener.db import Database, now
from tests.alerts import brand_week as week
from tests.alerts.smtp_server import Server

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PANEL = SimpleNamespace(public_url="https://listen.example.test", alerts=AlertSettings())


def critical(db: Database, *emails: str, **fields: Any) -> int:
    with db.work() as session:
        acme = week.brand(session)
        for email in emails:
            week.person(session, email, **fields)
        made = week.alert(
            session, acme, NOON, level=3, text="The kettle <b>burns</b>\r\nSubject: x",
            due=NOON + timedelta(minutes=15), reasons=["burns"], author="@rosa",
        )  # fmt: skip
        alert_id = made.id
    notify.raised(db, [alert_id])
    return alert_id


def states(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def later(**lengths: int) -> datetime:
    return now() + timedelta(**lengths)


def test_the_mail_says_what_where_and_leads_there(db: Database, smtp: Server) -> None:
    alert_id = critical(db, "mia@example.test", timezone="Europe/Paris")
    assert notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1)) == 1
    (mail,) = smtp.mails
    assert mail["Subject"] == "Critical: Acme on Mastodon: The kettle <b>burns</b> Subject: x"
    assert mail["List-Id"] == "All Ears <alert.example.test>"
    text = mail.get_body(("plain",)).get_content()
    assert f"https://listen.example.test/alerts/{alert_id}" in text
    assert "1:15" in text  # due at 12:15 UTC, on a clock in Paris
    html = mail.get_body(("html",)).get_content()
    assert "The kettle &lt;b&gt;burns" in html


def test_it_speaks_the_readers_language(db: Database, smtp: Server) -> None:
    critical(db, "mia@example.test", locale="he")
    notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1))
    assert smtp.mails[0]["Subject"].startswith("קריטית: Acme")
    assert 'dir="rtl"' in smtp.mails[0].get_body(("html",)).get_content()


def test_four_workers_send_every_notice_once(db: Database, smtp: Server) -> None:
    emails = [f"reader{number}@example.test" for number in range(8)]
    critical(db, *emails)
    at = later(seconds=1)
    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(lambda _: notify.deliver(db, smtp.mailer(), PANEL, at=at), range(4)))
    assert sent == 8
    assert sorted(to for (to,) in smtp.recipients) == emails


def test_one_refused_reader_does_not_cost_the_others_theirs(db: Database, smtp: Server) -> None:
    critical(db, "mia@example.test", "leo@example.test", "eve@example.test")
    smtp.answers |= {"mia@example.test": "451 busy", "leo@example.test": "550 nobody"}
    assert notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1)) == 1
    assert states(db) == ["waiting", "failed", "sent"]
    smtp.answers.clear()
    assert notify.deliver(db, smtp.mailer(), PANEL, at=later(minutes=2)) == 1
    assert sorted(to for (to,) in smtp.recipients) == ["eve@example.test", "mia@example.test"]


def test_a_broken_connection_after_the_body_is_not_repeated(db: Database, smtp: Server) -> None:
    critical(db, "mia@example.test")
    smtp.hang_up = True
    notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1))
    smtp.hang_up = False
    notify.deliver(db, smtp.mailer(), PANEL, at=later(days=1))
    assert len(smtp.mails) == 1
    assert states(db) == ["failed"]


def test_what_was_answered_meanwhile_is_not_mailed(db: Database, smtp: Server) -> None:
    alert_id = critical(db, "mia@example.test")
    with db.work() as session:
        session.get_one(Alert, alert_id).state = "answered"
    assert notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1)) == 0
    assert states(db) == ["skipped"]
    assert not smtp.mails


def test_without_a_mail_server_notices_wait_and_a_hold_stops_them(db: Database, smtp: Server) -> None:
    critical(db, "mia@example.test")
    assert notify.deliver(db, Mailer(MailSettings()), PANEL, at=later(seconds=1)) == 0
    assert states(db) == ["waiting"]
    with db.work() as session:
        holding.hold(session, "restored")
    assert notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1)) == 0
    assert not smtp.mails


def test_a_broken_source_says_what_to_do(db: Database, smtp: Server) -> None:
    with db.work() as session:
        acme = week.brand(session)
        week.person(session, role="admin", locale="fr")
        source = week.source_of(session, acme)
        source.state, source.failing_since = "attention", NOON
        source.error, source.hint = "401 the token has expired", "Connect the account again"
    notify.attention(db)
    notify.deliver(db, smtp.mailer(), PANEL, at=later(seconds=1))
    (mail,) = smtp.mails
    assert mail["Subject"] == "Acme mastodon n’est plus entendue : elle a besoin de vous"  # noqa: RUF001
    text = mail.get_body(("plain",)).get_content()
    assert "401 the token has expired" in text
    assert "Que faire: Connect the account again" in text
    assert "https://listen.example.test/sources" in text


@pytest.fixture
def chat() -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """A team chat on loopback: its Apprise address, what it got, and the answers it gives (default 200)."""
    got: list[dict[str, Any]] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"json://127.0.0.1:{server.server_port}/hook", got, answers
        server.shutdown()
        thread.join()


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")  # Apprise tries it where there is one
def test_a_team_chat_hears_of_it_once_and_again_after_a_refusal(
    db: Database, chat: tuple[str, list[dict[str, Any]], list[int]]
) -> None:
    url, got, answers = chat
    alert_id = critical(db)
    settings = SimpleNamespace(public_url=PANEL.public_url, alerts=AlertSettings(apprise_urls=(url,)))
    notify.raised(db, [alert_id], apprise_urls=[url])
    answers.append(503)
    nobody = Mailer(MailSettings())
    assert notify.deliver(db, nobody, settings, at=later(seconds=1)) == 0
    assert states(db) == ["waiting"]
    assert notify.deliver(db, nobody, settings, at=later(minutes=2)) == 1
    assert notify.deliver(db, nobody, settings, at=later(minutes=3)) == 0
    assert got[-1]["title"] == "Critical: Acme on Mastodon"
    assert f"/alerts/{alert_id}" in got[-1]["message"]


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")  # as above
@pytest.mark.parametrize(
    ("configured", "said"),
    [((), "no longer in alerts.apprise_urls"), (("nonsense://x",), "not one that Apprise")],
)
def test_a_chat_that_cannot_be_used_fails_with_what_to_do(
    db: Database, configured: tuple[str, ...], said: str
) -> None:
    alert_id = critical(db)
    settings = SimpleNamespace(public_url=PANEL.public_url, alerts=AlertSettings(apprise_urls=configured))
    notify.raised(db, [alert_id], apprise_urls=configured or ["json://127.0.0.1/old"])
    assert notify.deliver(db, Mailer(MailSettings()), settings, at=later(seconds=1)) == 0
    with db.read() as session:
        row = session.scalars(select(Delivery)).one()
    assert row.state == "failed"
    assert said in (row.error or "")
