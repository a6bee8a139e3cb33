from __future__ import annotations

import socket
from email.message import EmailMessage

import pytest

from alerts import mail
from alerts.mail import Mailer, MailError, address
from alerts.settings import MailSettings
from tests.alerts.smtp_server import Server, running


def letter(to: str = "mia@example.test", text: str = "Hello\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "allears@example.test"
    message["To"] = address("Mia", to)
    message["Subject"] = "Hello"
    message.set_content(text)
    return message


def test_a_mail_arrives_as_written(smtp: Server) -> None:
    smtp.mailer().send(letter(text=".a line that begins with a dot\n..two\nשלום\n"))  # noqa: RUF001 - Hebrew
    assert smtp.recipients == [["mia@example.test"]]
    assert smtp.mails[0].get_content().splitlines() == [".a line that begins with a dot", "..two", "שלום"]


@pytest.mark.parametrize(
    ("said", "permanent"), [("450 4.2.0 mailbox busy", False), ("550 5.1.1 no such user", True)]
)
def test_a_refused_recipient_is_told_with_the_servers_words(smtp: Server, said: str, permanent: bool) -> None:
    smtp.answers["mia@example.test"] = said
    with pytest.raises(MailError, match=said[4:]) as caught:
        smtp.mailer().send(letter())
    assert (caught.value.permanent, caught.value.unsure) == (permanent, False)
    assert not smtp.mails


@pytest.mark.parametrize(("said", "permanent"), [("451 try later", False), ("554 we think it is spam", True)])
def test_a_refused_body_is_told(smtp: Server, said: str, permanent: bool) -> None:
    smtp.data.append(said)
    with pytest.raises(MailError) as caught:
        smtp.mailer().send(letter())
    assert (caught.value.permanent, caught.value.unsure) == (permanent, False)


def test_a_line_that_breaks_after_the_body_is_unsure(smtp: Server) -> None:
    smtp.hang_up = True
    with pytest.raises(MailError, match="may have arrived") as caught:
        smtp.mailer().send(letter())
    assert caught.value.unsure
    assert len(smtp.mails) == 1  # it did arrive: sending again would double it


def test_an_unreachable_server_is_temporary() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(MailError, match=f"127.0.0.1:{port} cannot be reached") as caught:
        Mailer(MailSettings(host="127.0.0.1", port=port)).send(letter())
    assert not caught.value.permanent
    assert not caught.value.unsure


def test_without_a_server_the_setting_is_named() -> None:
    with pytest.raises(MailError, match="ALLEARS_MAIL__HOST"):
        Mailer(MailSettings()).send(letter())


def test_a_refused_login_is_ours_to_mend_and_not_the_readers_fault() -> None:
    def nobody(*_: object) -> bool:
        return False

    with running(authenticator=nobody, auth_require_tls=False) as server:
        mailer = server.mailer(username="allears", password="wrong-password")
        with pytest.raises(MailError, match=r"mail\.username") as caught:
            mailer.send(letter())
    assert not caught.value.permanent
    assert "wrong-password" not in str(caught.value)


def test_a_password_is_not_sent_in_the_clear(smtp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "LOOPBACK", frozenset())
    with pytest.raises(MailError, match="offers no encryption"):
        smtp.mailer(username="allears", password="secret-word").send(letter())


def test_starttls_that_is_required_and_not_offered_is_an_error(smtp: Server) -> None:
    with pytest.raises(MailError):
        smtp.mailer(security="starttls").send(letter())
    assert not smtp.mails


def test_an_address_outside_ascii_needs_a_server_that_takes_it(smtp: Server) -> None:
    smtp.mailer().send(letter("мия@example.test"))
    assert smtp.recipients == [["мия@example.test"]]
    with running(enable_SMTPUTF8=False) as old, pytest.raises(MailError, match="SMTPUTF8") as caught:
        old.mailer().send(letter("мия@example.test"))
    assert caught.value.permanent


@pytest.mark.parametrize("name", ["Mia\r\nBcc: all@example.test", "Mia\u202eevil", "Mia\x00\x1b[31m", '"; x'])
def test_a_name_cannot_leave_its_header(smtp: Server, name: str) -> None:
    message = EmailMessage()
    message["From"] = "allears@example.test"
    message["To"] = address(name, "mia@example.test")
    message["Subject"] = "Hello"
    message.set_content("x")
    smtp.mailer().send(message)
    assert smtp.recipients == [["mia@example.test"]]
    assert smtp.mails[0]["Bcc"] is None
    shown = smtp.mails[0]["To"].addresses[0]
    assert shown.addr_spec == "mia@example.test"
    assert not mail.CONTROLS.search(shown.display_name)


@pytest.mark.parametrize("bad", ["", "mia", "@example.test", "mia@", "a b@example.test", "x@y@z z"])
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(MailError) as caught:
        address("Mia", bad)
    assert caught.value.permanent


def test_a_domain_in_another_script_is_written_for_the_dns() -> None:
    assert address("Mia", "mia@bücher.example").domain == "xn--bcher-kva.example"


def test_check_says_what_answers(smtp: Server) -> None:
    assert smtp.mailer().check() == f"127.0.0.1:{smtp.port} answers"
