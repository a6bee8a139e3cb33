"""A loopback server that misbehaves on request."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

BLOCK = gzip.compress(b"\0" * 1_000_000)
BOMB = BLOCK * 300  # members in a row: 300 MB once inflated, 300 KB on the wire


class Handler(BaseHTTPRequestHandler):
    """One path a behaviour; `seen` on the server remembers what was asked."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path, dict(self.headers.items())))
        kind = self.path.partition("?")[0].strip("/").split("/")[0]
        with suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"on_{kind}")()

    do_POST = do_GET  # noqa: N815 - the names are http.server's

    def on_ok(self) -> None:
        self.send_body(b"hello")

    def on_stall(self) -> None:
        self.server.stop.wait(10)

    def on_drip_head(self) -> None:
        self.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500)

    def on_drip_body(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        self.close_connection = True
        self.drip(b"x" * 500)

    def on_drip_chunk(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n")
        self.close_connection = True
        self.drip(b"x" * 500)

    def on_bomb(self) -> None:
        self.send_body(BOMB, {"Content-Encoding": "gzip"})

    def on_large(self) -> None:
        self.send_body(b"x" * 3_000_000)

    def on_redirect(self) -> None:
        self.send_body(b"", {"Location": self.path.partition("?to=")[2]}, status=302)

    def on_close(self) -> None:
        self.close_connection = True

    def on_flaky(self) -> None:
        if len(self.server.seen) < 3:
            self.on_close()
        else:
            self.on_ok()

    def on_broken(self) -> None:
        self.send_body(b'{"error": "try later"}', {"Content-Type": "application/json"}, status=503)

    def send_body(self, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, data: bytes) -> None:
        for byte in data:
            if self.server.stop.is_set():
                return
            self.wfile.write(bytes([byte]))
            time.sleep(0.05)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        pass


class Server(ThreadingHTTPServer):
    """Listens on a free loopback port until `stop`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.stop = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.stop.set()
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
