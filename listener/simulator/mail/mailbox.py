"""The brand's mailbox: which posts of the world lie in which folder, under which UID, and how each reads as a mail.

What the brand sends comes back as a copy where it is a recipient itself; what a colleague sent lies in Sent.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from listener.simulator.model import Account, Post
from listener.simulator.world import World

EMAIL = "email"
INBOX, SENT = "INBOX", "Sent"
PEOPLE = "people.example.test"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in a folder."""

    uid: int
    folder: str
    post: Post
    arrived: datetime


class Mailbox:
    """The folders, filled from the world as things are posted there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.validity = int(world.clock().timestamp())
        self._raw: dict[str, bytes] = {}
        self._mails: list[Mail] = []
        self._lock = threading.Lock()
        for post in list(world.on(EMAIL)):
            self._arrived(post)
        world.on_post.append(self._arrived)

    @property
    def address(self) -> str:
        """The brand's address."""
        return address_of(self.world, self.world.brand) if self.world.brand else f"care@{PEOPLE}"

    @property
    def following(self) -> int:
        """The UID that the next mail will get."""
        with self._lock:
            return len(self._mails) + 1

    def mails(self, folder: str) -> list[Mail]:
        """Return what lies in a folder, the oldest arrival first."""
        with self._lock:
            return [one for one in self._mails if one.folder == folder and not one.post.deleted]

    def bytes_of(self, post: Post) -> bytes:
        """Return a mail as it was sent, or as its author's program would have written it."""
        return self._raw.get(post.id) or _written(self.world, post, self.address)

    def renumber(self) -> None:
        """Number the folders anew, as a server does that was restored."""
        self.validity += 1

    def take(self, mail: EmailMessage, raw: bytes, recipients: Sequence[str]) -> Post | None:
        """Take a mail that the brand sends. Returns its post, None where there is no brand."""
        world, who = self.world, self.world.brand
        if who is None:
            return None
        body = mail.get_body(("plain",))
        number = _bare(str(mail["Message-ID"] or ""))
        with world.lock:
            post = world.publish(
                who, str(body.get_content()).strip() if body else "", platform=EMAIL, by_token=True, name=number,
                parent=self._answered(_bare(str(mail["In-Reply-To"] or ""))), title=str(mail["Subject"] or ""),
                place=",".join(one for one in recipients if one != self.address),
            )  # fmt: skip
            self._raw[post.id] = raw
        if self.address in recipients:
            self._put(INBOX, post)
        return post

    def _answered(self, number: str) -> Post | None:
        found = self.world.named(EMAIL, number) or self.world.post(number.partition("@")[0])
        return found if found is not None and found.platform == EMAIL else None

    def _arrived(self, post: Post) -> None:
        if post.platform == EMAIL and not post.by_token:
            self._put(SENT if post.account is self.world.brand else INBOX, post)

    def _put(self, folder: str, post: Post) -> None:
        with self._lock:
            self._mails.append(Mail(len(self._mails) + 1, folder, post, post.heard_at))


def address_of(world: World, who: Account) -> str:
    """Return somebody's address."""
    name = who.username.lower()
    return f"care@{name}.example.test" if who is world.brand else f"{name}@{PEOPLE}"


def message_id(post: Post) -> str:
    """Return a mail's Message-ID, without brackets."""
    return post.name or f"{post.id}@{PEOPLE}"


def _written(world: World, post: Post, ours: str) -> bytes:
    made = EmailMessage(policy=SMTP)
    root, parent = post.root, post.parent
    subject = post.title or root.title or root.text.partition("\n")[0][:60]
    mine = post.account is world.brand
    to = address_of(world, parent.account) if mine and parent else ours
    made["From"] = Address(post.account.name, addr_spec=address_of(world, post.account))
    made["To"] = Address(addr_spec=to)
    made["Subject"] = f"Re: {subject}" if parent is not None and not post.title else subject
    made["Date"] = format_datetime(post.created_at)
    made["Message-ID"] = f"<{message_id(post)}>"
    above: list[str] = []
    while parent is not None:
        above.insert(0, f"<{message_id(parent)}>")
        parent = parent.parent
    if above:
        made["In-Reply-To"], made["References"] = above[-1], " ".join(above)
    made.set_content(post.text)
    return made.as_bytes()


def _bare(number: str) -> str:
    return number.strip().removeprefix("<").removesuffix(">")
