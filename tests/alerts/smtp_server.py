"""A real SMTP server on loopback that keeps mails and, when told so, behaves badly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from alerts.mail import Mailer
from alerts.settings import MailSettings


class Server:
    """`answers` maps a recipient to what RCPT says; `data` is what DATA says; `hang_up` closes after the body came."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: dict[str, str] = {}
        self.data: list[str] = []
        self.hang_up = False
        self.port = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        said = self.answers.get(address)
        if said:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.data:
            return self.data.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.recipients.append(list(envelope.rcpt_tos))
        if self.hang_up:
            server.transport.abort()
        return "250 OK"

    def mailer(self, **settings: Any) -> Mailer:
        given = {
            "host": "127.0.0.1",
            "port": self.port,
            "timeout": 5,
            "sender": "All Ears <allears@example.test>",
        }
        return Mailer(MailSettings(**{**given, **settings}))


class OnAnyPort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running(**options: Any) -> Iterator[Server]:
    server = Server()
    controller = OnAnyPort(server, hostname="127.0.0.1", port=0, **options)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()
