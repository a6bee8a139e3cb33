"""Two small servers on loopback that talk without being asked: a WebSocket, and an HTTP answer that does not end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve


@dataclass
class Visit:
    """One connection as the server sees it."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    said: list[str] = field(default_factory=list)  # what the client sent


@dataclass
class Talk:
    """A server that talks. `refuse`: (status, headers, body) for the next connections instead of letting them in."""

    url: str = ""
    visits: list[Visit] = field(default_factory=list)
    refuse: tuple[int, dict[str, str], bytes] | None = None
    greeting: list[str] = field(default_factory=list)  # said to everybody who comes
    open: list[Any] = field(default_factory=list)
    answer: Callable[[str], str | None] = lambda _said: None

    def say(self, text: str) -> None:
        """Say it to all who listen."""
        for connection in list(self.open):
            with suppress(ConnectionClosed, OSError):
                connection.send(text)

    def raw(self, data: bytes) -> None:
        """Send bytes as they are: half a frame, half a line."""
        for connection in list(self.open):
            connection.socket.sendall(data)

    def cut(self) -> None:
        """Break all connections without a word."""
        for connection in list(self.open):
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def await_visits(self, number: int, seconds: float = 10.0) -> Visit:
        """Wait until so many have come and listen; return the last."""
        until(lambda: len(self.visits) >= number and bool(self.open), seconds)
        return self.visits[-1]


def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def talk() -> Iterator[Talk]:
    """Give a WebSocket server."""
    made = Talk()

    def refuse(_connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        visit = Visit(parts.path, parse_qs(parts.query), dict(request.headers.raw_items()))
        made.visits.append(visit)
        if made.refuse is None:
            return None
        status, headers, body = made.refuse
        return Response(status, "No", Headers({**headers, "Content-Length": str(len(body))}), body)

    def talking(connection: ServerConnection) -> None:
        visit = made.visits[-1]
        for text in made.greeting:
            connection.send(text)
        made.open.append(connection)
        try:
            for text in connection:
                visit.said.append(str(text))
                if (back := made.answer(str(text))) is not None:
                    connection.send(back)
        except ConnectionClosed:
            pass
        finally:
            made.open.remove(connection)

    with serve(talking, "127.0.0.1", 0, process_request=refuse, compression=None) as server:
        made.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        made.cut()
        server.shutdown()
    thread.join(5)


class Line:
    """One open answer in chunks."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock

    def send(self, text: str) -> None:
        data = text.encode() + b"\r\n"
        self.socket.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")


@dataclass
class Lined(Talk):
    """An HTTP server: `stream` is the path that does not end, `answers` says the rest."""

    stream: str = "/stream"
    answers: Callable[[Visit, str, bytes], tuple[int, str]] = lambda _visit, _method, _body: (404, "")


@pytest.fixture
def lined() -> Iterator[Lined]:
    """Give an HTTP server with an answer that does not end."""
    made = Lined()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            visit = Visit(parts.path, parse_qs(parts.query), dict(self.headers.items()))
            if parts.path != made.stream:
                status, text = made.answers(visit, self.command, body)
                self._short(status, {"Content-Type": "application/json"}, text.encode())
                return
            made.visits.append(visit)
            if made.refuse is not None:
                self._short(*made.refuse)
                return
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            line = Line(self.connection)
            for text in made.greeting:
                line.send(text)
            made.open.append(line)
            with suppress(OSError):
                while not over.wait(0.02) and self.connection.fileno() >= 0:
                    self.connection.settimeout(0.02)
                    with suppress(TimeoutError):
                        if not self.connection.recv(1):
                            break
            made.open.remove(line)
            self.close_connection = True

        def _short(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _serve  # noqa: N815 - the library's names

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    over.set()
    server.shutdown()
    server.server_close()
    thread.join()
