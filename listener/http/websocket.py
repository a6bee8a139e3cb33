"""A WebSocket (RFC 6455) under the guard: the one file that knows the package `websockets`.

The name is resolved once, through the guard, and the connection goes to the addresses that were checked; with a proxy
in the environment the proxy resolves, as everywhere. Redirects are not followed. Pings that are not answered within
20 s end the connection, so that a half-open one is noticed even where nobody has anything to say.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, reconnect

from listener.errors import HttpError
from listener.http.failures import failed, host_of
from listener.http.guard import Guard, is_loopback

AGAIN = "It connects again by itself."
PING = 20.0  # seconds between two pings, and for the answer to one
LARGEST = 2_000_000  # bytes of one message
logging.getLogger("websockets.client").setLevel(logging.WARNING)  # its debug lines hold tokens and messages


class _Straight(reconnect):
    """A connection that goes where it was told: a redirect is an answer like any other."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocket:
    """One open connection. `silence`: seconds without a message after which it counts as dead, None = pings decide."""

    def __init__(self, connecter: reconnect, url: str, silence: float | None) -> None:
        self._connection: ClientConnection = connecter.__enter__()
        self._connecter: reconnect | None = connecter
        self._url, self._silence = url, silence
        self._heard_at = time.monotonic()

    def send(self, text: str) -> None:
        """Send one message. Raises HttpError."""
        try:
            self._connection.send(text)
        except (ConnectionClosed, OSError) as error:
            raise self._ended(error) from error

    def receive(self, timeout: float) -> str | None:
        """Return the next message. See `wires.Wire`."""
        try:
            found = self._connection.recv(timeout=timeout, decode=True)
        except TimeoutError:
            if self._silence is not None and time.monotonic() - self._heard_at > self._silence:
                message = f"{host_of(self._url)}: nothing came for {self._silence:g} s"
                raise HttpError(message, hint=AGAIN) from None
            return None
        except (ConnectionClosed, OSError) as error:
            raise self._ended(error) from error
        self._heard_at = time.monotonic()
        return found

    def close(self) -> None:
        """Say good-bye, wait two seconds for the answer and close."""
        connecter, self._connecter = self._connecter, None
        if connecter is not None:
            with suppress(ConnectionClosed, OSError):
                connecter.__exit__(None, None, None)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _ended(self, error: Exception) -> HttpError:
        code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else None
        why = f"closed by the other side, code {code}" if code else "the connection broke"
        return HttpError(f"{host_of(self._url)}: {why}", hint=AGAIN)


def open_websocket(
    guard: Guard,
    url: str,
    *,
    headers: Mapping[str, str],
    user_agent: str,
    timeout: tuple[float, float],
    silence: float | None,
    judge: Callable[[requests.Response], None],
) -> WebSocket:
    """Connect to a ws or wss address. Raises HttpError, also for a refusal (`judge` sees it as an HTTP answer)."""
    parts = urlsplit(url)
    plain = parts._replace(scheme={"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme)).geturl()
    proxy = select_proxy(plain, get_environ_proxies(plain))
    named = guard.check(plain, resolve=not proxy)
    if named and is_loopback(parts.hostname or ""):
        proxy = None
    sock = None if proxy else _connected(guard, plain, timeout[0])
    try:
        connecter = _Straight(
            url,
            sock=sock,
            ssl=_trust() if parts.scheme == "wss" else None,
            proxy=proxy,
            compression=None,
            additional_headers=dict(headers),
            user_agent_header=user_agent,
            open_timeout=timeout[1],
            ping_interval=PING,
            ping_timeout=PING,
            close_timeout=2.0,
            max_size=LARGEST,
        )
        return WebSocket(connecter, url, silence)
    except InvalidStatus as error:
        judge(_as_answer(error, plain))
        message = f"{host_of(url)} answered {error.response.status_code} instead of a WebSocket"
        raise HttpError(message, hint="Check the address.", status=error.response.status_code) from error
    except OSError as error:  # before ValueError: a refused certificate is both
        raise failed(plain, _as_requests(error)) from error
    except (WebSocketException, ValueError) as error:  # ValueError: an address the library cannot use
        message = f"{host_of(url)}: no WebSocket there ({type(error).__name__})"
        raise HttpError(message, hint="Check the address; if it is right, it is tried again.") from error


def _as_requests(error: OSError) -> OSError:
    """Return the error as requests raises it, so that it is told in the same words."""
    if isinstance(error, ssl.SSLError):
        return requests.exceptions.SSLError(str(error))
    return requests.Timeout(str(error)) if isinstance(error, TimeoutError) else error


def _connected(guard: Guard, url: str, timeout: float) -> socket.socket:
    """Connect to the first address of a host that answers, of those the guard lets through."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = host_of(url)
    try:
        addresses = guard.addresses(parts.hostname or "", port)
    except (socket.gaierror, UnicodeError) as error:
        raise HttpError(f"{host}: there is no such host", hint="Check the address for a typo.") from error
    for address in addresses:
        with suppress(OSError):
            made = socket.create_connection((address, port), timeout=timeout)
            made.settimeout(None)  # from here on the library keeps the time
            return made
    raise HttpError(
        f"{host}: no connection", hint="It is tried again by itself; if it lasts, check the address."
    )


def _trust() -> ssl.SSLContext:
    """Trust whom requests trusts: the bundle of the environment, else its own."""
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    bundle = next((found for name in names if (found := os.environ.get(name))), DEFAULT_CA_BUNDLE_PATH)
    if os.path.isdir(bundle):  # noqa: PTH112 - what the environment says is text
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)


def _as_answer(error: InvalidStatus, url: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.url = error.response.status_code, url
    answer.headers.update(dict(error.response.headers.raw_items()))
    answer._content = bytes(error.response.body or b"")  # noqa: SLF001 - where requests keeps a body that it has read
    return answer
