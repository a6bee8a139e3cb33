"""Sockets to mail servers under the same guard and clock as HTTP: resolved once, checked, cut when time is over."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from listener.errors import HttpError
from listener.http import Http
from listener.http.connections import Exchange
from listener.http.guard import is_loopback

TLS_PORTS = {"imap": 993, "smtp": 465}


@dataclass(frozen=True, slots=True)
class Login:
    """A password, or an access token (OAuth); `refused` hears that a server did not take the token."""

    username: str
    password: str = ""
    token: str = ""
    refused: Callable[[], None] = lambda: None

    @property
    def xoauth2(self) -> str:
        """The token as XOAUTH2 wants it (https://developers.google.com/gmail/imap/xoauth2-protocol)."""
        return f"user={self.username}\x01auth=Bearer {self.token}\x01\x01"


def security(kind: str, port: int, wanted: str) -> str:
    """Return tls, starttls or none: what is set, else TLS on its own port and STARTTLS on every other."""
    if wanted != "auto":
        return wanted
    return "tls" if port == TLS_PORTS[kind] else "starttls"


def may_stay_plain(host: str, wanted: str) -> bool:
    """Say whether a password may go over an unencrypted line: when it stays on this machine, or somebody said so."""
    return wanted == "none" or (wanted == "auto" and is_loopback(host))


@contextmanager
def clock(http: Http, sock: Any) -> Iterator[None]:
    """Cut the connection when one piece of work takes longer than `network.deadline`: a server may drip for ever."""
    exchange = Exchange(http.guard, http.deadline)
    exchange.watch(sock)
    try:
        yield
    except Exception as error:
        if exchange.late:
            message = f"the mail server took longer than {http.deadline:g} s"
            raise HttpError(
                message, hint="It is tried again by itself; if it lasts, look at the server."
            ) from error
        raise
    finally:
        exchange.close()


def connected(http: Http, host: str, port: int) -> socket.socket:
    """Return a socket to an address that the guard let pass. Raises HttpError, OSError."""
    failure: OSError = OSError(f"no address for {host}")
    for address in http.guard.addresses(host, port):
        try:
            sock = socket.create_connection((address, port), timeout=http.timeout[0])
        except OSError as error:
            failure = error
            continue
        sock.settimeout(http.timeout[1])
        return sock
    raise failure


class Imap(imaplib.IMAP4):
    """IMAP on a guarded socket."""

    def __init__(self, http: Http, host: str, port: int) -> None:
        self._http = http
        super().__init__(host, port)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        del timeout
        return connected(self._http, self.host, self.port)


class ImapTls(imaplib.IMAP4_SSL):
    """IMAP on a guarded socket inside TLS."""

    def __init__(self, http: Http, host: str, port: int) -> None:
        self._http = http
        super().__init__(host, port, ssl_context=ssl.create_default_context())

    def _create_socket(self, timeout: float | None) -> ssl.SSLSocket:
        del timeout
        raw = connected(self._http, self.host, self.port)
        return ssl.create_default_context().wrap_socket(raw, server_hostname=self.host)


class Smtp(smtplib.SMTP):
    """SMTP on a guarded socket, inside TLS from the first byte where `tls` says so."""

    def __init__(self, http: Http, host: str, port: int, *, tls: bool) -> None:
        self._http, self._tls = http, tls
        super().__init__(host, port, timeout=http.timeout[1])

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        del timeout
        raw = connected(self._http, host, port)
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host) if self._tls else raw
