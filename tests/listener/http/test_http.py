"""Exchanges with a server that stalls, drips, lies, redirects and explodes."""

from __future__ import annotations

import socket
import time
import tracemalloc

import pytest
import requests

from listener.errors import ChannelError, HttpError
from listener.http import Http
from tests.listener.http.conftest import Server


def http(server: Server, **options: object) -> Http:
    return Http(**{"allow": [f"127.0.0.1:{server.port}"], "timeout": (1.0, 0.4), "deadline": 0.8, **options})  # type: ignore[arg-type]


def test_an_answer_comes_through_with_our_name_on_the_request(server: Server) -> None:
    answer = http(server, user_agent="Ears/1").get(server.url("ok"), params={"q": "é"})
    assert (answer.status_code, answer.text, answer.json.__name__) == (200, "hello", "json")
    assert server.seen[0][2]["User-Agent"] == "Ears/1"


@pytest.mark.parametrize("path", ["stall", "drip_head", "drip_body", "drip_chunk"])
def test_a_server_that_stalls_or_drips_ends_by_our_clock(server: Server, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(HttpError, match=r"in time|took longer") as caught:
        http(server).get(server.url(path))
    assert time.monotonic() - began < 3
    assert caught.value.delivered
    assert not caught.value.permanent
    assert len(server.seen) == 1


def test_a_library_cannot_switch_the_time_out_off(server: Server) -> None:
    with http(server).session() as session, pytest.raises(requests.ReadTimeout):
        session.get(server.url("stall"), timeout=None)
    with http(server, timeout=(1.0, 9.0), deadline=0.3).session() as session, pytest.raises(HttpError):
        session.get(server.url("stall"), timeout=3600)


def test_an_inflated_bomb_is_cut_without_filling_memory(server: Server) -> None:
    client = http(server, deadline=20.0, timeout=(1.0, 10.0), max_bytes=1_000_000)
    tracemalloc.start()
    with pytest.raises(HttpError, match="more than 1,000,000 bytes"):
        client.get(server.url("large"))
    with pytest.raises(HttpError, match="more than 1,000,000 bytes"):
        client.get(server.url("bomb"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_streams_are_read_whole_so_that_the_limits_hold(server: Server) -> None:
    with http(server).session() as session:
        answer = session.get(server.url("ok"), stream=True)
        assert list(answer.iter_lines()) == [b"hello"]
    with http(server, max_bytes=1000).session() as session, pytest.raises(HttpError):
        session.get(server.url("large"), stream=True)


def test_a_kept_alive_connection_is_cut_too(server: Server) -> None:
    with http(server).session() as session:
        assert session.get(server.url("ok")).text == "hello"
        with pytest.raises(HttpError, match="took longer"):
            session.get(server.url("drip_body"))


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "gopher://x",
    ],
)
def test_a_redirect_inside_is_refused(server: Server, target: str) -> None:
    with pytest.raises((HttpError, requests.RequestException)):
        http(server).get(server.url(f"redirect?to={target}"))
    assert len(server.seen) == 1


def test_a_redirect_to_an_allowed_place_is_followed(server: Server) -> None:
    assert http(server).get(server.url(f"redirect?to={server.url('ok')}")).text == "hello"


def test_redirects_in_circles_end(server: Server) -> None:
    with pytest.raises(HttpError, match="circles"):
        http(server, deadline=5.0).get(
            server.url("redirect?to=/redirect?to=/redirect?to=") + "/redirect?to=" * 20
        )


def test_without_permission_loopback_is_refused_before_connecting(server: Server) -> None:
    with pytest.raises(HttpError, match="inside a private network") as caught:
        Http().get(server.url("ok"))
    assert (caught.value.delivered, caught.value.permanent) == (False, True)
    assert f'"127.0.0.1:{server.port}"' in caught.value.hint
    assert server.seen == []


def _names(monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[list[str]]]) -> list[str]:
    """Answer look-ups of names from a list, one entry a look-up; addresses go the usual way."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: object, **kwargs: object) -> object:
        if host not in answers:
            return real(host, port, *args, **kwargs)  # type: ignore[arg-type]
        asked.append(host)
        found = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_a_name_is_resolved_once_and_the_host_header_keeps_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _names(monkeypatch, {"forum.example.test": [["127.0.0.1"]]})
    client = http(server, allow=["forum.example.test:*"])
    assert client.get(f"http://forum.example.test:{server.port}/ok").text == "hello"
    assert asked == ["forum.example.test"]
    assert server.seen[0][2]["Host"] == f"forum.example.test:{server.port}"


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"]])
def test_a_name_that_points_inside_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    _names(monkeypatch, {"evil.example.test": [found]})
    with pytest.raises(HttpError, match="inside a private network"):
        http(server).get(f"http://evil.example.test:{server.port}/ok")
    assert server.seen == []


def test_a_name_that_changes_after_the_check_gains_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _names(monkeypatch, {"evil.example.test": [["192.0.2.1"], ["127.0.0.1"]]})
    with pytest.raises(HttpError):
        http(server).request("GET", f"http://evil.example.test:{server.port}/ok")
    assert len(asked) == 1
    assert server.seen == []


def test_an_unknown_name_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_args: object, **_kwargs: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(HttpError, match="no such host") as caught:
        Http().request("POST", "http://nowhere.example.test/?token=s3cret")
    assert not caught.value.delivered
    assert "s3cret" not in str(caught.value)


def test_a_proxy_of_the_environment_is_used_and_names_are_left_to_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _names(monkeypatch, {"forum.example.test": [["10.0.0.1"]]})
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    client = Http(timeout=(1.0, 1.0))
    monkeypatch.setattr(
        "tests.listener.http.conftest.Handler.on_http:", lambda self: self.on_ok(), raising=False
    )
    assert client.get("http://forum.example.test/x").text == "hello"
    assert server.seen[0][1] == "http://forum.example.test/x"
    assert asked == []
    for inside in ("http://10.0.0.1/", "http://2130706433/", "http://localhost/"):
        with pytest.raises(HttpError, match="inside a private network"):
            client.get(inside)


def test_an_allowed_loopback_server_is_reached_past_a_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert http(server).get(server.url("ok")).text == "hello"


def test_a_get_whose_connection_breaks_is_tried_twice_more(server: Server) -> None:
    client = http(server, deadline=5.0)
    assert client.get(server.url("flaky")).text == "hello"
    assert len(server.seen) == 3
    with pytest.raises(HttpError, match="connection broke"):
        client.get(server.url("close"))
    assert len(server.seen) == 6


@pytest.mark.parametrize("path", ["close", "broken", "stall"])
def test_a_post_is_sent_once_whatever_happens(server: Server, path: str) -> None:
    with pytest.raises(ChannelError) as caught:
        http(server).request("POST", server.url(path), json={"text": "x"})
    assert len(server.seen) == 1
    assert caught.value.delivered


def test_an_error_answer_is_not_tried_again(server: Server) -> None:
    with pytest.raises(HttpError, match=r"503 Service Unavailable: try later"):
        http(server).get(server.url("broken"))
    assert len(server.seen) == 1


def test_no_connection_means_not_delivered() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(HttpError, match="no connection") as caught:
        Http(allow=[f"127.0.0.1:{port}"], deadline=3.0).request(
            "POST", f"http://127.0.0.1:{port}/?key=s3cret"
        )
    assert not caught.value.delivered
    assert "s3cret" not in str(caught.value)


def test_a_password_file_and_cookies_stay_out(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w", encoding="ascii") as file:  # noqa: PTH123 - a path as text is what NETRC holds
        file.write("machine 127.0.0.1 login bob password s3cret\n")
    monkeypatch.setenv("NETRC", netrc)
    http(server).get(server.url("ok"), headers={"Authorization": "Bearer ours"})
    assert server.seen[0][2]["Authorization"] == "Bearer ours"


def test_the_certificate_file_of_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with Http().session() as session:
        assert session.verify == "/nowhere/ca.pem"
