"""A mail server in this process (aiosmtpd): it keeps mails, brings the copy to our own mailbox, and can misbehave."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.listener.channels.email.dovecot_room import PASSWORD, Mailbox


class Post:
    """`answers`: what RCPT says, by recipient; `data`: what the end of DATA says; `hang_up`: after taking the body."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: dict[str, str] = {}
        self.data: str | None = None
        self.hang_up = False
        self.port = 0
        self.mailbox: Mailbox | None = None
        self.token = ""  # that XOAUTH2 takes

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's name
        said = base64.b64decode(args[1]).decode()
        return AuthResult(success=bool(self.token) and f"auth=Bearer {self.token}\x01" in said, handled=False)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.data is not None:
            return self.data
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.recipients.append(list(envelope.rcpt_tos))
        if self.mailbox is not None and self.mailbox.user in envelope.rcpt_tos:
            self.mailbox.put(envelope.content)
        if self.hang_up:
            server.transport.abort()
        return "250 OK"


class _OnAnyPort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def _let_in(server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
    return AuthResult(success=getattr(login, "password", b"") == PASSWORD.encode(), handled=False)


@pytest.fixture
def smtp(mailbox: Mailbox) -> Iterator[Post]:
    made = Post()
    made.mailbox = mailbox
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(mailbox.server.certificate, mailbox.server.folder / "key.pem")
    controller = _OnAnyPort(
        made, hostname="127.0.0.1", port=0, authenticator=_let_in, tls_context=context, require_starttls=True,
        auth_required=True,
    )  # fmt: skip
    controller.start()
    made.port = controller.port
    yield made
    controller.stop()
