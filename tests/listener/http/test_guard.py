"""Which addresses are public, and which entries open the guard."""

# ruff: noqa: S104 - addresses are what is tested

from __future__ import annotations

from ipaddress import ip_address

import pytest

from listener.errors import HttpError, ListenerError
from listener.http.guard import Guard, public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "192.88.99.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::",
        "2001:0:1::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_not_public(address: str) -> None:
    assert not public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public(address: str) -> None:
    assert public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://017700000001/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://user@127.0.0.1/", "http://127.0.0.1./",
        "https://192.168.0.1:8443/x", "ftp://example.test/", "file:///etc/passwd", "http://", "/relative",
        "http://[::1", "http://example.test:99999/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused_as_written(url: str) -> None:
    with pytest.raises(HttpError) as caught:
        Guard().check(url, resolve=True)
    assert caught.value.permanent
    assert not caught.value.delivered


def test_names_of_this_machine_are_refused_where_a_proxy_would_resolve_them() -> None:
    with pytest.raises(HttpError):
        Guard().check("http://LOCALHOST./", resolve=False)
    assert Guard().check("http://example.test/", resolve=False) is False


def test_an_entry_opens_one_port_or_all() -> None:
    guard = Guard(["127.0.0.1:9000", "Forum.internal:*", "[::1]:80"])
    assert guard.check("http://127.0.0.1:9000/x", resolve=True)
    assert guard.check("https://forum.internal/", resolve=True)
    assert guard.check("http://[::1]/", resolve=True)
    with pytest.raises(HttpError):
        guard.check("http://127.0.0.1:9001/", resolve=True)


@pytest.mark.parametrize("entry", ["", "localhost", "http://127.0.0.1", ":80", "127.0.0.1:http"])
def test_an_entry_that_is_no_host_and_port_is_named(entry: str) -> None:
    with pytest.raises(ListenerError, match=r"not host:port"):
        Guard([entry])
