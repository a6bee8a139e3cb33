"""The mailbox over IMAP, read-only, and its errors in our words. The only file that imports imap_tools.

RFC 3501; folders are opened with EXAMINE, so that a mail stays unread for the people who work in the mailbox.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import mktime

from imap_tools import BaseMailBox
from imap_tools.errors import (
    MailboxFolderSelectError,
    MailboxLoginError,
    UnexpectedCommandStatusError,
)

from listener.channels.email.wires import Imap, ImapTls, Login, clock, may_stay_plain, security
from listener.errors import ChannelError
from listener.http import Http

MOST_BYTES = 500_000  # of one mail that are fetched; what lies behind are attachments
_UID = re.compile(rb"\bUID (\d+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# response codes of RFC 5530 that say "not now": the credentials are not wrong
_NOT_NOW = re.compile(
    r"UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN|OVERQUOTA|too many|try again", re.IGNORECASE
)
_AGAIN = "It is tried again by itself; if it lasts, check imap_host, imap_port and the network."


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mailbox is."""

    host: str
    port: int
    security: str
    login: Login


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail as the server gave it: at most `MOST_BYTES` of it, and when it arrived there."""

    uid: int
    raw: bytes
    arrived: datetime


class Box(BaseMailBox):
    """One logged-in mailbox."""

    def __init__(self, http: Http, server: Server) -> None:
        self._http, self._server = http, server
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        where = self._server
        made = ImapTls if security("imap", where.port, where.security) == "tls" else Imap
        return made(self._http, where.host, where.port)

    def enter(self) -> None:
        """Encrypt where that is to be done, and log in. Raises ChannelError and what the library raises."""
        where = self._server
        if security("imap", where.port, where.security) == "starttls":
            if "STARTTLS" in self.client.capabilities:
                self.client.starttls(ssl.create_default_context())
            elif not may_stay_plain(where.host, where.security):
                message = f"{where.host} offers no encryption, so the password was not sent"
                raise ChannelError(message, permanent=True, hint="Use port 993, or set imap_security=none.")
        who = where.login
        if who.token:
            self.xoauth2(who.username, who.token, initial_folder=None)
        elif who.username.isascii() and who.password.isascii():
            self.login(who.username, who.password, initial_folder=None)
        else:
            self.login_utf8(who.username, who.password, initial_folder=None)

    def open(self, name: str) -> tuple[int, int]:
        """Open a folder for reading; return (UIDVALIDITY, the UID the next mail will get or 0)."""
        with clock(self._http, self.client.sock):
            self.folder.set(name, readonly=True)
            return self._number("UIDVALIDITY"), self._number("UIDNEXT")

    def above(self, uid: int) -> list[int]:
        """Return the UIDs above one, ascending. (`n:*` also returns the last one when it is below n.)"""
        return [found for found in self._search(f"UID {uid + 1}:*") if found > uid]

    def since(self, day: date) -> list[int]:
        """Return the UIDs of what arrived on or after a day of the server's own calendar."""
        return self._search(f"SINCE {day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}")

    def with_id(self, message_id: str) -> list[int]:
        """Return the UIDs of mails with this Message-ID (without brackets)."""
        return self._search(f'HEADER Message-ID "<{message_id}>"')

    def read(self, uids: Sequence[int]) -> list[Fetched]:
        """Fetch mails, ascending; what was deleted meanwhile is missing."""
        with clock(self._http, self.client.sock):
            wanted = f"(UID INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)"
            status, parts = self.client.uid("FETCH", ",".join(map(str, uids)), wanted)
            if status != "OK":
                raise UnexpectedCommandStatusError((status, parts), "OK")
        found = []
        for number, part in enumerate(parts):
            if not isinstance(part, tuple):
                continue
            after = parts[number + 1] if number + 1 < len(parts) else b""
            head = part[0] + (after if isinstance(after, bytes) else b"")  # some servers put the UID behind
            uid = _UID.search(head)
            if uid is not None:
                found.append(Fetched(int(uid.group(1)), part[1], _arrived(head)))
        return sorted(found, key=lambda one: one.uid)

    def sent_folder(self) -> str | None:
        """Return the folder of sent mail (RFC 6154), by its flag or else by its usual names."""
        with clock(self._http, self.client.sock):
            folders = self.folder.list()
        flagged = [one.name for one in folders if any(flag.lower() == "\\sent" for flag in one.flags)]
        usual = [one.name for one in folders if re.split(r"[./]", one.name)[-1].lower() in _SENT]
        return next(iter(flagged or usual), None)

    def _search(self, criteria: str) -> list[int]:
        with clock(self._http, self.client.sock):
            return sorted(int(uid) for uid in self.uids(criteria, charset=None))

    def _number(self, name: str) -> int:
        found = self.client.response(name)[1]
        return int(found[0]) if found and found[0] else 0


_SENT = frozenset({"sent", "sent items", "sent messages", "sent mail", "gesendet", "envoyés", "отправленные"})


@contextmanager
def opened(http: Http, server: Server) -> Iterator[Box]:
    """Log in, and out again whatever happens. Raises ChannelError."""
    where = f"{server.host}:{server.port}"
    with spoken(where):
        box = Box(http, server)
        try:
            with clock(http, box.client.sock), _told(server.login):
                box.enter()
            yield box
        finally:
            with suppress(Exception):  # it may be the reason why we leave
                box.client.sock.settimeout(2.0)
                box.logout()
            with suppress(Exception):
                box.client.shutdown()


@contextmanager
def _told(login: Login) -> Iterator[None]:
    """Let a token go that the server did not take, so that the next run asks for a new one."""
    try:
        yield
    except (MailboxLoginError, imaplib.IMAP4.error):
        login.refused()
        raise


@contextmanager
def spoken(where: str) -> Iterator[None]:
    """Turn what imap_tools, imaplib and sockets raise into ChannelError. `where`: host and port, for people."""
    try:
        yield
    except MailboxLoginError as error:
        raise _not_let_in(where, _said(error)) from error
    except UnexpectedCommandStatusError as error:
        folder = isinstance(error, MailboxFolderSelectError) and not _NOT_NOW.search(_said(error))
        raise ChannelError(
            f"{where} does not open a folder: {_said(error)}"
            if folder
            else f"{where} refused: {_said(error)}",
            permanent=folder,
            hint="Check folders and sent_folder." if folder else _AGAIN,
        ) from error
    except imaplib.IMAP4.abort as error:
        raise ChannelError(f"{where} broke off the connection", hint=_AGAIN) from error
    except imaplib.IMAP4.error as error:
        if "AUTH" in str(error).upper():
            raise _not_let_in(where, str(error)[:200]) from error
        raise ChannelError(
            f"{where} answers something that is not IMAP", hint="Check imap_host and imap_port."
        ) from error
    except OSError as error:
        raise _unreachable(where, error) from error


def _unreachable(where: str, error: OSError) -> ChannelError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ChannelError(
            f"{where}: the TLS certificate was not accepted",
            hint="Check imap_host; for a private authority set SSL_CERT_FILE.",
        )
    if isinstance(error, TimeoutError):
        return ChannelError(f"{where}: no answer in time", hint=_AGAIN)
    return ChannelError(f"{where} cannot be reached ({type(error).__name__})", hint=_AGAIN)


def _not_let_in(where: str, said: str) -> ChannelError:
    if _NOT_NOW.search(said):
        return ChannelError(f"{where} refuses the log-in for now: {said}", hint=_AGAIN)
    return ChannelError(
        f"{where} refused the log-in: {said}",
        permanent=True,
        attention=True,
        hint="Check username and password; large providers want an app password, made in the account's settings.",
    )


def _said(error: UnexpectedCommandStatusError) -> str:
    data = error.command_result[1] if len(error.command_result) > 1 else []
    first = next((one for one in data or [] if isinstance(one, bytes)), b"")
    return " ".join(first.decode("utf-8", "replace").split())[:200] or "no reason given"


def _arrived(head: bytes) -> datetime:
    found = imaplib.Internaldate2tuple(head)
    return datetime.fromtimestamp(mktime(found), UTC) if found is not None else datetime.now(UTC)
