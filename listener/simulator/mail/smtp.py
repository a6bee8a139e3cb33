"""The server that takes the brand's answers (aiosmtpd): it wants a log-in, and may misbehave at RCPT and after DATA."""

from __future__ import annotations

import asyncio
import logging
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

from listener.simulator.faults import Faults
from listener.simulator.mail.mailbox import Mailbox

if TYPE_CHECKING:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of a property that it uses itself
HOST = "127.0.0.1"
PATH = "/mail/smtp/"


class Smtp:
    """Listens on loopback; port 0 takes a free one, see `port` after `start`."""

    def __init__(self, mailbox: Mailbox, faults: Faults, password: str, port: int = 0) -> None:
        self.port = port
        self._mailbox, self._faults, self._password = mailbox, faults, password
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen on a thread of its own until `stop`."""
        controller = _controller_type()(
            self,
            hostname=HOST,
            port=self.port,
            authenticator=self._let_in,
            auth_require_tls=False,
        )
        try:
            controller.start()
        except OSError:
            controller.loop.close()  # aiosmtpd leaves it open
            raise
        self.port = controller.port
        self._controller = controller

    def stop(self) -> None:
        """Stop listening."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Begin a mail, for who has logged in."""
        del server, options
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless it is not the time for it."""
        del server, session, options
        path = f"{PATH}rcpt"
        if self._faults.take("rate_limited", path):
            return "451 4.7.1 Too many messages, slow down"
        if self._faults.take("server_error", path):
            return "451 4.3.0 Temporary system problem"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail. `stall` answers late and `accepted_then_503` hangs up: both have taken it."""
        del session
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        self._mailbox.take(message_from_bytes(raw, policy=default), raw, list(envelope.rcpt_tos))
        path = f"{PATH}data"
        if self._faults.take("accepted_then_503", path):
            if server.transport is not None:
                server.transport.abort()  # type: ignore[attr-defined]  # asyncio.Transport
        elif stall := self._faults.take("stall", path):
            await asyncio.sleep(stall.seconds)
        return "250 2.0.0 OK"

    def _let_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        from aiosmtpd.smtp import AuthResult  # noqa: PLC0415 - only who serves mail pays for it

        del server, session, envelope, mechanism
        refused = self._faults.take("unauthorized", f"{PATH}auth")
        right = getattr(login, "password", b"") == self._password.encode()
        return AuthResult(success=right and not refused, handled=False)


def _controller_type() -> Any:
    from aiosmtpd.controller import Controller  # noqa: PLC0415 - as above

    class OnAnyPort(Controller):
        """Knows its port before its first own connection to it, which Controller makes to the port it was given."""

        def _trigger_server(self) -> None:
            if self.server is not None:
                self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio.Server
            super()._trigger_server()  # type: ignore[no-untyped-call]

    return OnAnyPort
