"""Mails for a test's mailbox, and how a test listens to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from listener import brands, sources
from listener.channels.base import Listen, Page, Post
from listener.channels.email import Email
from listener.db import Database
from listener.ground import Ground
from tests.listener.channels.email.dovecot_room import PASSWORD, Mailbox

DAY = timedelta(days=1)


def mail(number: int | str, text: str = "My box is broken", **headers: str) -> EmailMessage:
    made = EmailMessage()
    given = {
        "From": "Ada Ray <ada@example.test>", "To": "help@acme.example.test", "Subject": f"Broken {number}",
        "Message-ID": f"<m{number}@example.test>",
    }  # fmt: skip
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        made[name] = value
    made.set_content(text)
    return made


def listen(channel: Email, cursor: dict[str, Any] | None = None, pages: int = 40) -> list[Page]:
    return list(channel.listen(Listen([], datetime.now(UTC) - DAY, max_pages=pages), cursor))


def posts(pages: Sequence[Page]) -> list[Post]:
    return [post for page in pages for post in page.posts]


def add(db: Database, kit: Ground, box: Mailbox, **more: str) -> int:
    brands.add(db, "Acme", query="acme")
    given = {
        "imap_host": "127.0.0.1", "imap_port": str(box.server.imap), "username": box.user, "password": PASSWORD,
    }  # fmt: skip
    return sources.add(db, kit, "email", name="mail", brand="Acme", settings=given | more)
