"""A small SMTP server on loopback that keeps every mail as a file: the demo's mail server, also of use in tests.

It takes everything, sends nothing on, and is never started outside the demo. Files are named by time of arrival.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 200  # mails; older ones are removed


class Sink:
    """Listens on 127.0.0.1 and writes `<folder>/<time>-<n>.eml`. Port 0: any free one, see `port` after `start`."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port
        self._numbers = count(1)
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen on a thread of its own until `stop`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        controller = _controller_type()(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        self.port = controller.port
        self._controller = controller

    def stop(self) -> None:
        """Stop listening; the files stay."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one mail."""
        del server, session
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{next(self._numbers)}"
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        unfinished = self.folder / f"{name}.part"
        unfinished.write_bytes(content)
        unfinished.rename(self.folder / f"{name}.eml")  # whoever lists the folder never sees half a mail
        for old in mails(self.folder)[KEPT:]:
            old.unlink(missing_ok=True)
        return "250 kept"


def _controller_type() -> type[Controller]:
    from aiosmtpd.controller import Controller  # noqa: PLC0415 - only the demo pays for it

    class OnAnyPort(Controller):
        """Knows its port before its first own connection to it, which Controller makes to the port it was given."""

        def _trigger_server(self) -> None:
            if self.server is not None:
                self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio.Server
            super()._trigger_server()  # type: ignore[no-untyped-call]

    return OnAnyPort


def mails(folder: Path) -> list[Path]:
    """Return the kept mails, newest first."""
    return sorted(folder.glob("*.eml"), reverse=True) if folder.is_dir() else []


def read(folder: Path, name: str) -> EmailMessage | None:
    """Return one kept mail by its file name; None when there is none of that name (a path is not a name)."""
    file = folder / name
    if not re.fullmatch(r"[0-9T]+-\d+\.eml", name) or not file.is_file():
        return None
    return message_from_bytes(file.read_bytes(), policy=default)
