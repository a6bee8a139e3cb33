"""Connections that stay open: what arrives is handed over at once, and what is dead is noticed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from listener.http import Http, HttpError
from listener.http.wires import Wire, gather
from tests.listener.wire_room import Lined, Talk, lined, talk, until

__all__ = ["lined", "talk"]


@pytest.fixture
def http() -> Http:
    return Http(allow=["127.0.0.1:*"], timeout=(2.0, 2.0))


def wire_to(http: Http, server: Talk, silence: float = 5.0) -> Wire:
    if isinstance(server, Lined):
        return http.lines(f"{server.url}/stream", headers={"Authorization": "Bearer sesame"}, silence=silence)
    return http.websocket(
        f"{server.url}/stream?a=b", headers={"Authorization": "Bearer sesame"}, silence=silence
    )


def hear_out(wire: Wire, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Wait for the end of a connection on which nothing whole arrives."""
    for _ in range(60):
        meanwhile()
        assert wire.receive(0.1) is None


@pytest.fixture(params=["talk", "lined"])
def server(request: pytest.FixtureRequest) -> Talk:
    found: Talk = request.getfixturevalue(request.param)
    return found


def test_what_is_said_arrives_in_order_and_a_burst_together(http: Http, server: Talk) -> None:
    with wire_to(http, server) as wire:
        assert server.await_visits(1).headers["Authorization"] == "Bearer sesame"
        assert wire.receive(0.05) is None
        for number in range(5):
            server.say(f"né {number}")
        found: list[str] = []
        until(lambda: found.extend(gather(wire, 1.0)) or len(found) == 5)
        assert found == [f"né {number}" for number in range(5)]


def test_a_cut_in_the_middle_is_an_error_after_what_came_whole(http: Http, server: Talk) -> None:
    with wire_to(http, server) as wire:
        server.await_visits(1)
        server.say("whole")
        server.raw(b"20\r\nhalf a lin" if isinstance(server, Lined) else b"\x81\x10half a fr")
        assert wire.receive(2) == "whole"
        server.cut()
        with pytest.raises(HttpError, match=r"127.0.0.1:\d+: "):
            hear_out(wire)


def test_silence_ends_it_although_the_other_side_is_there(http: Http, server: Talk) -> None:
    with wire_to(http, server, silence=0.3) as wire:
        server.await_visits(1)
        with pytest.raises(HttpError, match=r"nothing came|in time"):
            hear_out(wire)


def test_an_empty_line_says_that_it_is_alive(http: Http, lined: Lined) -> None:
    with wire_to(http, lined, silence=0.4) as wire:
        lined.await_visits(1)
        for _ in range(5):
            lined.say("")
            assert wire.receive(0.2) is None


def test_a_drip_without_a_whole_line_is_silence(http: Http, lined: Lined) -> None:
    with wire_to(http, lined, silence=0.5) as wire:
        lined.await_visits(1)
        with pytest.raises(HttpError, match="nothing came"):
            hear_out(wire, lambda: lined.raw(b"1\r\nx\r\n"))


@pytest.mark.parametrize(("status", "attention"), [(401, True), (402, True), (403, False), (503, False)])
def test_a_refusal_is_judged_like_any_answer(http: Http, server: Talk, status: int, attention: bool) -> None:
    server.refuse = (status, {"Content-Type": "application/json"}, b'{"error": "no such luck"}')
    with pytest.raises(HttpError, match=f"answered {status}.*no such luck") as caught:
        wire_to(http, server)
    assert (caught.value.status, caught.value.attention) == (status, attention)


def test_a_rate_limit_says_until_when(http: Http, server: Talk) -> None:
    server.refuse = (429, {"Retry-After": "90"}, b"")
    with pytest.raises(HttpError) as caught:
        wire_to(http, server)
    assert caught.value.retry_after is not None
    assert 85 < caught.value.retry_after.total_seconds() <= 90


def test_a_redirect_is_not_followed_into_the_house(http: Http, talk: Talk) -> None:
    talk.refuse = (302, {"Location": "ws://127.0.0.1:1/inside"}, b"")
    with pytest.raises(HttpError, match="302"):
        wire_to(http, talk)
    assert len(talk.visits) == 1


def test_private_addresses_are_refused_before_anything_is_sent(server: Talk) -> None:
    with pytest.raises(HttpError, match="private network"):
        wire_to(Http(timeout=(2.0, 2.0)), server)
    assert server.visits == []


def test_other_schemes_are_refused(http: Http) -> None:
    with pytest.raises(HttpError, match="only http and https"):
        http.websocket("ftp://127.0.0.1:1/")


def test_nobody_there_and_nobody_who_speaks_it(http: Http, lined: Lined) -> None:
    with pytest.raises(HttpError, match="no connection"):
        http.websocket("ws://127.0.0.1:1/")
    lined.answers = lambda *_: (200, "{}")
    with pytest.raises(HttpError, match="answered 200 instead of a WebSocket"):
        http.websocket(lined.url.replace("http", "ws") + "/elsewhere")


def test_closing_ends_the_reading_thread_at_once(http: Http, server: Talk) -> None:
    before = threading.active_count()
    wire = wire_to(http, server)
    server.await_visits(1)
    began = time.monotonic()
    wire.close()
    wire.close()
    assert time.monotonic() - began < 3
    until(lambda: not server.open)
    until(lambda: threading.active_count() <= before + 1, 5)


def test_a_line_without_an_end_is_not_collected_for_ever(http: Http, lined: Lined) -> None:
    with wire_to(http, lined) as wire:
        lined.await_visits(1)
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

        def flood() -> None:
            try:
                for _ in range(40):
                    lined.raw(piece)
            except OSError:
                pass

        threading.Thread(target=flood, daemon=True).start()
        with pytest.raises(HttpError, match="longer than"):
            hear_out(wire)


def test_a_message_without_measure_ends_the_websocket(http: Http, talk: Talk) -> None:
    with wire_to(http, talk) as wire:
        talk.await_visits(1)
        talk.raw(b"\x81\x7f" + (1 << 40).to_bytes(8, "big"))
        with pytest.raises(HttpError):
            hear_out(wire)
