from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from alerts import smtp_sink
from alerts.mail import Mailer
from alerts.settings import MailSettings
from alerts.smtp_sink import Sink, mails, read


def letter(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "allears@example.test", "mia@example.test", subject
    message.set_content("שלום")
    return message


def test_mails_are_kept_as_files_newest_first(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    sink = Sink(folder)
    sink.start()
    mailer = Mailer(
        MailSettings(host="127.0.0.1", port=sink.port, security="none", sender="allears@example.test")
    )
    for subject in ("one", "two"):
        mailer.send(letter(subject))
    sink.stop()
    kept = mails(folder)
    found = [read(folder, file.name) for file in kept]
    assert [message["Subject"] for message in found if message is not None] == ["two", "one"]
    assert [path.suffix for path in folder.iterdir()] == [".eml", ".eml"]


def test_only_so_many_are_kept(tmp_path: Path, monkeypatch: object) -> None:
    sink = Sink(tmp_path)
    sink.start()
    smtp_sink_kept = smtp_sink.KEPT
    smtp_sink.KEPT = 2
    try:
        mailer = Mailer(MailSettings(host="127.0.0.1", port=sink.port, sender="allears@example.test"))
        for number in range(4):
            mailer.send(letter(str(number)))
    finally:
        smtp_sink.KEPT = smtp_sink_kept
        sink.stop()
    found = [read(tmp_path, file.name) for file in mails(tmp_path)]
    assert [message["Subject"] for message in found if message is not None] == ["3", "2"]


def test_a_path_is_not_the_name_of_a_mail(tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_text("x")
    folder = tmp_path / "mail"
    assert read(folder, "../secret.eml") is None
    assert read(folder, "20261125T000000-1.eml") is None
    assert mails(folder) == []
