"""The small page on this machine to which a platform sends somebody back after a log-in (RFC 8252 §7.3).

Listens on loopback only, answers one path, and lets everything that does not carry the state pass by.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

from listener.http.guard import is_loopback
from listener.oauth.platform import ConnectError

_PAGE = "<!doctype html><meta charset=utf-8><title>All Ears</title><p>{}</p>"
_STEP = 0.5  # seconds between two looks at the clock


def answer_of(address: str) -> dict[str, str]:
    """Return the parameters of an address somebody came back to, or pasted."""
    parts = urlsplit(address.strip())
    return dict(parse_qsl(parts.query or parts.fragment))


class Loopback:
    """Waits for one answer. Made by `listening`."""

    def __init__(self, server: HTTPServer, found: list[dict[str, str]]) -> None:
        self._server, self._found = server, found

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Return the parameters of the answer. Raises ConnectError when there is none in time."""
        end = time.monotonic() + seconds
        self._server.timeout = _STEP
        while not self._found:
            if time.monotonic() > end:
                message = (
                    f"nobody came back within {seconds:.0f} seconds. If the platform complained of the redirect "
                    "URI, register exactly the one above; if the browser runs elsewhere, use --paste"
                )
                raise ConnectError(message)
            self._server.handle_request()
        return self._found[0]


@contextmanager
def listening(redirect_uri: str, state: str) -> Iterator[Loopback]:
    """Listen at the redirect URI. Raises ConnectError where it is not on this machine, or its port is taken."""
    parts = urlsplit(redirect_uri)
    host, port = parts.hostname or "", parts.port or 80
    if parts.scheme != "http" or not is_loopback(host):
        message = (
            f"{redirect_uri} is not on this machine, so nobody can listen there: use --paste, and paste the address "
            "that the browser ends at"
        )
        raise ConnectError(message)
    found: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds for a browser that opens a connection and says nothing

        def do_GET(self) -> None:
            given = urlsplit(self.path)
            if given.path != (parts.path or "/"):
                self._say(404, "Nothing is here.")
                return
            answer = dict(parse_qsl(given.query))
            if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
                self._say(
                    400,
                    "This answer belongs to another log-in. Use the address that the command has printed.",
                )
                return
            found.append(answer)
            self._say(200, "All Ears has the answer: go back to the terminal. You can close this page.")

        def _say(self, status: int, text: str) -> None:
            body = _PAGE.format(text).encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-store"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing: the address holds the code."""

    try:
        server = HTTPServer(("127.0.0.1" if host == "localhost" else host, port), Handler)
    except OSError as error:
        message = (
            f"port {port} cannot be listened to ({error.strerror}). Free it, or choose another with --redirect-uri, "
            "registered with the platform, or use --paste"
        )
        raise ConnectError(message) from error
    with server:
        yield Loopback(server, found)
