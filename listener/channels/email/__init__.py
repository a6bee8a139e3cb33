"""E-mail: hears a mailbox over IMAP and answers from the same address over SMTP, in the same thread.

RFC 3501 and 5321 through imap_tools and smtplib, both on sockets under our guard. Must not touch the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from listener import tokens
from listener.addresses import Address
from listener.channels.base import (
    Absent,
    Attempt,
    Channel,
    Cursor,
    Limits,
    Listen,
    MayReply,
    Options,
    Page,
    Post,
    ReplyMode,
    Sent,
    Unsure,
    by_hand,
)
from listener.channels.email import listening, sending
from listener.channels.email.boxes import Box, Server, opened
from listener.channels.email.wires import Login
from listener.errors import ChannelError
from listener.oauth import flow
from listener.oauth.platform import Platform
from listener.said import mark

Security = Literal["auto", "tls", "starttls", "none"]
LONGEST = 50_000  # characters; no standard limits a mail, people do


class EmailOptions(Options):
    """Options of `source add email`."""

    imap_host: str = Field(min_length=1, description="server of the mailbox")
    imap_port: int = Field(993, ge=1, le=65535, description="993 (TLS) or 143")
    imap_security: Security = Field("auto", description="auto, tls, starttls or none (unencrypted)")
    smtp_host: str | None = Field(None, description="server that takes our answers; without it by hand")
    smtp_port: int = Field(587, ge=1, le=65535, description="587 (STARTTLS), 465 (TLS) or 25")
    smtp_security: Security = Field("auto", description="auto, tls, starttls or none (unencrypted)")
    username: str = Field(min_length=1, description="log-in of both servers, mostly the address")
    password: SecretStr | None = Field(None, description="password, or app password, of both servers")
    client_id: str | None = Field(None, description="OAuth in place of a password: id of your app")
    client_secret: SecretStr | None = Field(None, min_length=8, description="OAuth: secret of your app")
    refresh_token: SecretStr | None = Field(None, description="OAuth: refresh token of the mailbox")
    token_url: Address | None = Field(
        None,
        pattern=r"^https?://",
        description="OAuth: where tokens are made, as https://oauth2.googleapis.com/token",
    )
    address: str | None = Field(None, description="our address, when the username is not one")
    sender_name: str = Field("", max_length=100, description="name beside our address in answers")
    copy_to_self: bool = Field(
        default=True, description="a copy of each answer comes to the mailbox: proof that it was sent"
    )
    sent_folder: str | None = Field(
        None, description="folder of sent mail; found by itself where it is marked"
    )
    folders: list[str] = Field(
        default_factory=lambda: ["INBOX"],
        min_length=1,
        description="folders to read, comma-separated",
        json_schema_extra={"of": "source"},
    )

    @model_validator(mode="after")
    def _has_address(self) -> EmailOptions:
        oauth = (self.client_id, self.client_secret, self.refresh_token, self.token_url)
        if self.password is None and not all(oauth):
            message = "give password, or all of client_id, client_secret, refresh_token and token_url"
            raise ValueError(message)
        if "@" not in (self.address or self.username):
            message = "username is not an e-mail address: set address=… as well"
            raise ValueError(message)
        return self


class Email(Channel[EmailOptions]):
    """One mailbox."""

    kind: ClassVar[str] = "email"
    title: ClassVar[str] = "E-mail"
    options_type = EmailOptions
    replies: ClassVar[bool] = True

    @classmethod
    def identity_of(cls, options: EmailOptions) -> tuple[str, str]:
        """Server and log-in make a mailbox."""
        return f"imap://{options.imap_host.lower()}:{options.imap_port}", options.username

    @property
    def address(self) -> str:
        """Our address, lower case."""
        return (self.options.address or self.options.username).strip().lower()

    @property
    def secret(self) -> str:
        """What signs our Message-IDs: the password, or the app's secret, which does not rotate as tokens do."""
        found = self.options.password or self.options.client_secret
        return found.get_secret_value() if found else ""

    def login(self) -> Login:
        """Return how to log in to both servers; a token is fetched when none is kept. Raises ChannelError."""
        options = self.options
        renewal = self.renewal()
        if renewal is None:
            return Login(options.username, password=self.secret)
        return Login(
            options.username, token=self.keeper.token(renewal), refused=lambda: self.keeper.refused(renewal)
        )

    def renewal(self) -> tokens.Renewal | None:
        """By the refresh token, where the mailbox is opened by OAuth."""
        options = self.options
        if options.password is not None or options.refresh_token is None:
            return None
        platform = Platform(
            title="the mail provider",
            authorize_url="",
            token_url=options.token_url or "",
            client_id=options.client_id or "",
            client_secret=self.secret,
        )
        spent = options.refresh_token.get_secret_value()
        # the shelf does not depend on the refresh token: some providers give a new one every time
        shelf = (
            f"email {options.token_url} {options.client_id} {options.username} {tokens.digest(self.secret)}"
        )
        return replace(flow.renewal(self.http, platform, spent), shelf=shelf)

    def made_by_us(self, number: str) -> bool:
        """Say whether a Message-ID is one of ours."""
        return sending.is_ours(self.secret, number)

    def mailbox(self) -> AbstractContextManager[Box]:
        """Log in to the mailbox. Raises ChannelError."""
        options = self.options
        return opened(
            self.http, Server(options.imap_host, options.imap_port, options.imap_security, self.login())
        )

    def limits(self) -> Limits:
        """No platform limits a mail; a copy reaches our own mailbox within seconds, mostly."""
        return Limits(length=LONGEST, poll_every=timedelta(minutes=1), read_lag=timedelta(seconds=60))

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Read the folders upwards by UID; see `listening`."""
        return listening.listen(self, what, cursor)

    def may_reply(self, post: Post) -> MayReply:
        """By SMTP to whoever wrote it; never to a machine, never to ourselves."""
        if not self.options.smtp_host:
            return by_hand(post, "this mailbox has no smtp_host: answer from the mail program")
        if post.extra.get("automatic"):
            return by_hand(post, mark("not answered: %(why)s", why=post.extra["automatic"]))
        wrote = str(post.extra.get("answer_to") or "")
        if not wrote:
            return by_hand(post, "the mail names no address to answer to")
        if wrote == self.address:
            return by_hand(post, "the mail names our own address as its sender and no other")
        return MayReply(ReplyMode.API)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Send one mail in the thread. Raises ChannelError."""
        may = self.may_reply(to)
        if may.mode is not ReplyMode.API:
            raise ChannelError(may.reason or "this mail cannot be answered", permanent=True, delivered=False)
        if len(text) > LONGEST:
            message = f"{len(text)} characters; at most {LONGEST} are sent"
            raise ChannelError(message, permanent=True, delivered=False, hint="Shorten it.")
        return sending.send(self, to, text, key=key)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Look for our mail by its Message-ID."""
        return sending.find(self, attempt)

    def check(self) -> str:
        """Log in to both servers and open the folders. Raises ChannelError."""
        with self.mailbox() as box:
            for folder in self.options.folders:
                box.open(folder)
            sent = self.options.sent_folder or box.sent_folder()
        self.known["handle"] = self.address
        way = "answers by hand (no smtp_host)"
        if self.options.smtp_host:
            with sending.session(self) as smtp:
                smtp.noop()
            way = f"answers through {self.options.smtp_host}"
        seen = f"sent mail in {sent}" if sent else "no folder of sent mail found"
        return f"{self.address}: {', '.join(self.options.folders)}; {seen}; {way}"
