"""WebSockets on their way out: certificates are checked, the environment's proxy is used, tokens stay out of logs."""

from __future__ import annotations

import datetime as dt
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.sync.server import ServerConnection, serve

from listener.http import Http, HttpError
from tests.listener.wire_room import Talk, talk, until

__all__ = ["talk"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of our own for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stream.example.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "own.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[str]:
    """A WebSocket server behind TLS that says hello."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def hello(connection: ServerConnection) -> None:
        connection.send("hello")
        for _ in connection:
            pass

    with serve(hello, "127.0.0.1", 0, ssl=context) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"wss://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
    thread.join(5)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_of_the_environment_is_trusted(
    secure: str, certificate: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(certificate))
    with Http(allow=["127.0.0.1:*"]).websocket(secure) as wire:
        assert wire.receive(5) == "hello"


def test_an_unknown_certificate_is_refused(secure: str) -> None:
    with pytest.raises(HttpError, match="certificate was not accepted"):
        Http(allow=["127.0.0.1:*"]).websocket(secure)


class Proxy:
    """Takes CONNECT for any name and leads to one port of this machine."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._port = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(4096)
                self.asked.append(head.split(b"\r\n")[0].decode())
                server = socket.create_connection(("127.0.0.1", self._port))
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(4096):
                other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def proxy(talk: Talk) -> Iterator[Proxy]:
    made = Proxy(int(talk.url.rpartition(":")[2]))
    yield made
    made.close()


def test_a_proxy_of_the_environment_is_used_and_names_are_left_to_it(
    talk: Talk, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    with Http().websocket(
        "ws://stream.example.test:81/live", headers={"Authorization": "Bearer sesame"}
    ) as wire:
        talk.await_visits(1)
        talk.say("through")
        assert wire.receive(5) == "through"
    assert proxy.asked == ["CONNECT stream.example.test:81 HTTP/1.1"]
    assert (talk.visits[0].path, talk.visits[0].headers["Authorization"]) == ("/live", "Bearer sesame")


def test_what_a_proxy_redirects_to_is_not_followed(
    talk: Talk, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    talk.refuse = (302, {"Location": "ws://10.0.0.1/inside"}, b"")
    with pytest.raises(HttpError, match="302"):
        Http().websocket("ws://stream.example.test:81/live")
    assert len(proxy.asked) == 1


def test_literal_addresses_are_refused_also_with_a_proxy(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    with pytest.raises(HttpError, match="private network"):
        Http().websocket("ws://10.0.0.1/inside")
    assert proxy.asked == []


def test_tokens_are_in_no_log_of_the_library(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Http(allow=["127.0.0.1:*"]).websocket(
        talk.url, headers={"Authorization": "Bearer sesame-open"}
    ) as wire:
        talk.await_visits(1)
        talk.say("words of a customer")
        assert wire.receive(5)
    until(lambda: not talk.open)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("websockets.client")]
    assert not any("sesame" in line or "customer" in line for line in ours)
