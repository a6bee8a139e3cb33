from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from click.testing import CliRunner, Result

from alerts.cli_digest import digest
from alerts.errors import AlertsError
from alerts.mail import Mailer
from alerts.settings import MailSettings
from listener.db import Database
from tests.alerts import brand_week as week
from tests.alerts.smtp_server import Server

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def run(db: Database, *arguments: str, smtp: Server | None = None) -> Result:
    mailer = smtp.mailer() if smtp else Mailer(MailSettings())
    app = SimpleNamespace(
        db=db, mailer=mailer, settings=SimpleNamespace(public_url="https://listen.example.test")
    )
    with time_machine.travel(NOW, tick=True):
        return CliRunner().invoke(digest, ["--person", "mia@example.test", *arguments], obj=app)


@pytest.fixture
def filled(sqlite_db: Database) -> Database:
    with sqlite_db.work() as session:
        week.mention(
            session, week.brand(session), datetime(2026, 11, 24, 12, tzinfo=UTC), sentiment="negative"
        )
        week.person(session, timezone="Europe/Paris")
    return sqlite_db


def test_preview_writes_the_mail_and_needs_no_server(filled: Database, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    result = run(filled, "--period", "daily", "--for", "2026-11-24", "--preview", str(file))
    assert result.exit_code == 0, result.output
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert message["Subject"] == "1 negative mention of 1 · Tue, Nov 24"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    assert str(file) in result.output


def test_the_newest_period_is_meant_when_none_is_named(filled: Database, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    run(filled, "--period", "daily", "--preview", str(file))
    assert "Tue, Nov 24" in message_from_bytes(file.read_bytes(), policy=default)["Subject"]


def test_once_sends_and_a_second_time_says_so(filled: Database, smtp: Server) -> None:
    for _ in range(2):
        result = run(filled, "--period", "weekly", "--for", "2026-11-18", "--once", smtp=smtp)
        assert (result.exit_code, "2026-11-16" in result.output) == (0, True)
    assert len(smtp.mails) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--period", "daily", "--for", "2026-11-24"], "either --preview FILE or --once"),
        (["--period", "daily", "--for", "24.11.2026", "--once"], "24.11.2026"),
        (["--period", "hourly", "--once"], "hourly"),
        (["--period", "daily", "--for", "2026-11-25", "--once"], "is not over"),
        (["--period", "daily", "--for", "2026-12-24", "--once"], "has not begun"),
    ],
)
def test_bad_input_is_named(filled: Database, arguments: list[str], said: str) -> None:
    result = run(filled, *arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_an_unknown_reader_and_a_missing_server_are_named(filled: Database) -> None:
    result = run(filled, "--period", "daily", "--for", "2026-11-24", "--once")
    assert isinstance(result.exception, AlertsError)
    assert "ALLEARS_MAIL__HOST" in str(result.exception)
    result = run(filled, "--person", "nobody@example.test", "--period", "daily", "--once")
    assert "nobody@example.test" in str(result.exception)


def test_a_refusal_is_an_error(filled: Database, smtp: Server) -> None:
    smtp.answers["mia@example.test"] = "550 nobody"
    result = run(filled, "--period", "daily", "--for", "2026-11-24", "--once", smtp=smtp)
    assert "550 nobody" in str(result.exception)


def test_a_file_that_cannot_be_written_is_named(filled: Database, tmp_path: Path) -> None:
    result = run(
        filled, "--period", "daily", "--for", "2026-11-24", "--preview", str(tmp_path / "no" / "mail.eml")
    )
    assert "cannot write" in str(result.exception)
