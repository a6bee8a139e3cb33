"""A small IMAP4rev1 server (RFC 3501) over the brand's mailbox: what reading needs, nothing that changes a mail.

CAPABILITY NOOP LOGIN LOGOUT LIST SELECT EXAMINE CLOSE, UID SEARCH (UID, SINCE, HEADER, ALL), UID FETCH. Literals in
commands are not understood.
"""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from listener.simulator.faults import Faults
from listener.simulator.mail.mailbox import INBOX, SENT, Mail, Mailbox, message_id

HOST = "127.0.0.1"
PATH = "/mail/imap/"
REPEATED = 3
_LINE = re.compile(rb"(\S+) +((?:UID +)?[A-Z]+) *(.*)", re.IGNORECASE)
_ATOM = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_SIZE = re.compile(r"BODY(?:\.PEEK)?\[\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CAPABILITIES = "IMAP4rev1 SPECIAL-USE"
_REFUSALS = {
    "rate_limited": "NO [LIMIT] Too many requests, try again later",
    "server_error": "NO [UNAVAILABLE] Temporary failure",
    "unauthorized": "NO [AUTHENTICATIONFAILED] Authentication failed",
}


class Imap:
    """Listens on loopback; port 0 takes a free one, see `port` after `start`."""

    def __init__(self, mailbox: Mailbox, faults: Faults, password: str, port: int = 0) -> None:
        self.port = port
        self.mailbox, self.faults, self.password = mailbox, faults, password
        self._server: socketserver.ThreadingTCPServer | None = None

    def start(self) -> None:
        """Listen on a thread of its own until `stop`."""
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(ConnectionError):  # a client that did not wait
                    _Talk(outer, self.rfile.readline, self.wfile.write).run()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self._server = Server((HOST, self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="imap", daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _HungUpError(ConnectionError):
    """The server breaks the connection off."""


class _Talk:
    """One connection."""

    def __init__(self, server: Imap, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        self._server, self._read, self._write = server, read, write
        self._faults, self._mailbox = server.faults, server.mailbox
        self._known, self._folder = False, ""

    def run(self) -> None:
        if self._faults.take("not_json", PATH):
            self._write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        self._say("* OK [CAPABILITY " + _CAPABILITIES + "] simulated mailbox")
        while line := self._read():
            found = _LINE.match(line.rstrip())
            if found is None:
                self._say("* BAD cannot be read")
                continue
            tag, name = found[1].decode(), " ".join(found[2].decode().upper().split())
            self._say(f"{tag} {self._answer(name, found[3].decode('utf-8', 'replace'))}")
            if name == "LOGOUT":
                return

    def _answer(self, name: str, given: str) -> str:
        path = PATH + name.lower()
        if stall := self._faults.take("stall", path):
            time.sleep(stall.seconds)
        if name not in {"CAPABILITY", "NOOP", "LOGOUT"}:
            for kind, said in _REFUSALS.items():
                if self._faults.take(kind, path):
                    return said
        method = _METHODS.get(name)
        if method is None:
            return f"BAD {name} is not known here"
        if not self._known and name not in {"CAPABILITY", "NOOP", "LOGOUT", "LOGIN"}:
            return "BAD not logged in"
        return method(self, given)

    def capability(self, given: str) -> str:
        del given
        self._say(f"* CAPABILITY {_CAPABILITIES}")
        return "OK done"

    def nothing(self, given: str) -> str:
        del given
        return "OK done"

    def logout(self, given: str) -> str:
        del given
        self._say("* BYE")
        return "OK done"

    def login(self, given: str) -> str:
        words = _words(given)
        self._known = len(words) > 1 and words[1] == self._server.password
        return "OK logged in" if self._known else _REFUSALS["unauthorized"]

    def list(self, given: str) -> str:
        del given
        self._say(f'* LIST (\\HasNoChildren) "/" {INBOX}')
        self._say(f'* LIST (\\HasNoChildren \\Sent) "/" {SENT}')
        return "OK done"

    def select(self, given: str) -> str:
        name = next(iter(_words(given)), "")
        self._folder = INBOX if name.upper() == INBOX else name
        if self._folder not in {INBOX, SENT}:
            return "NO [NONEXISTENT] there is no such folder"
        if self._faults.take("looping_cursor", f"{PATH}examine"):
            self._mailbox.renumber()
        self._say(f"* {len(self._mailbox.mails(self._folder))} EXISTS")
        self._say("* 0 RECENT")
        self._say("* FLAGS (\\Seen)")
        self._say(f"* OK [UIDVALIDITY {self._mailbox.validity}] valid")
        self._say(f"* OK [UIDNEXT {self._mailbox.following}] next")
        return "OK [READ-ONLY] done"

    def search(self, given: str) -> str:
        words, mails = _words(given), self._mailbox.mails(self._folder)
        if words[:1] and words[0].upper() == "CHARSET":
            words = words[2:]
        while words:
            key = words.pop(0).upper()
            if key == "UID":
                mails = _within(words.pop(0), mails)
            elif key == "SINCE":
                day = _day(words.pop(0))
                mails = [one for one in mails if one.arrived.date() >= day.date()]
            elif key == "HEADER" and words.pop(0).upper() == "MESSAGE-ID":
                number = words.pop(0).strip("<>")
                mails = [one for one in mails if message_id(one.post) == number]
            elif key != "ALL":
                return f"BAD {key} is not understood"
        self._say(" ".join(["* SEARCH", *(str(one.uid) for one in mails)]))
        return "OK done"

    def fetch(self, given: str) -> str:
        numbers, _, wanted = given.partition(" ")
        folder = self._mailbox.mails(self._folder)
        mails = _within(numbers, folder)
        if mails and self._faults.take("duplicate_pages", f"{PATH}uid fetch"):
            mails = [one for one in folder if one.uid < mails[0].uid][-REPEATED:] + mails
        size = _SIZE.search(wanted)
        for place, one in enumerate(folder, start=1):
            if one in mails:
                self._write(self._fetched(place, one, size))
        return "OK done"

    def _fetched(self, place: int, mail: Mail, size: re.Match[str] | None) -> bytes:
        start, most = (int(size[1] or 0), int(size[2] or 0)) if size is not None else (0, 0)
        raw = self._mailbox.bytes_of(mail.post)
        part = raw[start : start + most] if most else raw
        at = mail.arrived
        date = f"{at.day:02d}-{_MONTHS[at.month - 1]}-{at:%Y %H:%M:%S} +0000"
        head = f'* {place} FETCH (UID {mail.uid} INTERNALDATE "{date}" BODY[]<{start}> {{{len(part)}}}\r\n'
        whole = head.encode() + part + b")\r\n"
        if self._faults.take("truncated", f"{PATH}uid fetch"):
            self._write(whole[: len(whole) // 2])
            raise _HungUpError
        return whole

    def _say(self, line: str) -> None:
        self._write(line.encode() + b"\r\n")


_METHODS: dict[str, Callable[[_Talk, str], str]] = {
    "CAPABILITY": _Talk.capability, "NOOP": _Talk.nothing, "CLOSE": _Talk.nothing, "LOGOUT": _Talk.logout,
    "LOGIN": _Talk.login, "LIST": _Talk.list, "SELECT": _Talk.select, "EXAMINE": _Talk.select,
    "UID SEARCH": _Talk.search, "UID FETCH": _Talk.fetch,
}  # fmt: skip


def _words(given: str) -> list[str]:
    return [
        word or re.sub(r"\\(.)", r"\1", quoted)
        for quoted, word in _ATOM.findall(given.replace("(", " ").replace(")", " "))
    ]


def _within(numbers: str, mails: list[Mail]) -> list[Mail]:
    """Return the mails of a set like 3,5:9,12:* ; the last one is always in n:*."""
    wanted: list[Mail] = []
    last = mails[-1].uid if mails else 0
    for part in numbers.split(","):
        low, _, high = part.partition(":")
        ends = sorted(last if end == "*" else int(end) for end in (low, high or low))
        wanted += [one for one in mails if ends[0] <= one.uid <= ends[1]]
    return wanted


def _day(written: str) -> datetime:
    day, month, year = written.split("-")
    return datetime(int(year), _MONTHS.index(month) + 1, int(day))  # noqa: DTZ001 - a day, without a zone
