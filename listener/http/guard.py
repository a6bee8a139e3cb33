"""Who may be talked to: public addresses, and the host:port pairs that the settings name (SSRF guard).

Names are resolved once, every answer must be public, and the caller connects to what was checked: a name that
resolves differently a second later gains nothing. IANA special-purpose registries (RFC 6890) by `ipaddress`.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from listener.errors import HttpError, ListenerError

_DENIED = tuple(
    ip_network(text)
    for text in (
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b::/96",  # NAT64: carries any IPv4 address, also private ones
        "64:ff9b:1::/48",
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "::/96",  # IPv4-compatible
    )
)
_PORTS = {"http": 80, "https": 443}
_HINT = 'If it is yours, allow it in the settings: [network] allow = ["{}"].'


class Guard:
    """Decides by scheme, host, port and address; makes no connection."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        """Take "host:port" or "host:*" entries. Raises ListenerError for anything else."""
        self._allowed = frozenset(_entry(text) for text in allow)

    def check(self, url: str, *, resolve: bool) -> bool:
        """Check the address itself: scheme, and the host where it is a literal address. Raises HttpError.

        With `resolve` false (a proxy will resolve) names that mean this machine are refused too.
        Returns whether the settings name this host and port.
        """
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise HttpError("the address is not a valid URL", permanent=True, delivered=False) from error
        if parts.scheme not in _PORTS or not host:
            message = f"only http and https addresses are used, not {parts.scheme or 'relative'} ones"
            raise HttpError(message, permanent=True, delivered=False)
        if self.allows(host, port):
            return True
        literal = _literal(host)
        if literal is not None and not public(literal):
            raise _refused(host, port)
        if not resolve and (host == "localhost" or host.endswith(".localhost")):
            raise _refused(host, port)
        return False

    def allows(self, host: str, port: int) -> bool:
        """Return whether the settings open this host and port."""
        host = host.lower()
        return (host, port) in self._allowed or (host, None) in self._allowed

    def addresses(self, host: str, port: int) -> list[str]:
        """Resolve a name, or pass an address on; return what may be connected to. Raises HttpError, socket.gaierror.

        One private answer among public ones refuses the name: which of them would be used is not ours to choose.
        """
        bare = host.strip("[]").rstrip(".")
        answers = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)
        found = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
        if not self.allows(bare, port) and not all(public(ip_address(address)) for address in found):
            raise _refused(bare, port)
        return found


def public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address belongs to the public internet and to one machine there."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == net.version and address in net for net in _DENIED)


def is_loopback(host: str) -> bool:
    """Return whether a host, as written, is this machine: no proxy could reach it for us."""
    literal = _literal(host)
    return host.lower() == "localhost" or (literal is not None and literal.is_loopback)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    bare = host.strip("[]")
    try:
        return ip_address(bare)
    except ValueError:
        pass
    try:
        # what C libraries also take for an address: 127.1, 0x7f000001, 2130706433
        return IPv4Address(socket.inet_aton(bare))
    except (OSError, ValueError):
        return None


def _entry(text: str) -> tuple[str, int | None]:
    host, colon, port = text.strip().lower().rpartition(":")
    if colon and host and (port == "*" or port.isdecimal()):
        return host.strip("[]"), None if port == "*" else int(port)
    message = (
        f'network.allow: {text!r} is not host:port; write for example "127.0.0.1:9000" or "forum.internal:*"'
    )
    raise ListenerError(message)


def _refused(host: str, port: int) -> HttpError:
    return HttpError(
        f"{host}:{port} is an address inside a private network and was not contacted",
        permanent=True,
        delivered=False,
        hint=_HINT.format(f"{host}:{port}"),
    )
