"""Connections that go where the guard says and are cut when their time is over.

The exchange under way is a context variable: urllib3 makes connections deep inside, where nothing can be passed.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from listener.http.guard import Guard

current: ContextVar[Exchange] = ContextVar("exchange")


class Exchange:
    """One request and its answer: a clock that cuts every socket it used when the deadline passes.

    Time-outs of a socket start anew with each byte; a server that drips one byte a second would hold us for ever.
    """

    def __init__(self, guard: Guard, deadline: float) -> None:
        """Start the clock; `deadline` in seconds."""
        self.guard = guard
        self.late = False
        self._ends = time.monotonic() + deadline
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._over = False
        self._timer = threading.Timer(deadline, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, sock: Any) -> None:
        """Cut this socket too. A duplicate is kept: TLS takes the original's place, the duplicate still reaches it."""
        with self._lock:
            if self._over or sock.fileno() < 0:
                return
            self._sockets.append(socket.socket(fileno=os.dup(sock.fileno())))
            if self.late:
                self._shut()

    def left(self) -> float:
        """Return the seconds that are left."""
        return self._ends - time.monotonic()

    def rest(self) -> None:
        """Let the answer go on for as long as it likes: it is a stream. `cut` and `close` still end it."""
        self._timer.cancel()

    def cut(self) -> None:
        """End it now, from any thread: whoever reads sees the connection end."""
        with self._lock:
            if not self._over:
                self._shut()

    def close(self) -> None:
        """Stop the clock and let the sockets be."""
        self._timer.cancel()
        with self._lock:
            self._over = True
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()

    def _cut(self) -> None:
        with self._lock:
            if not self._over:
                self.late = True
                self._shut()

    def _shut(self) -> None:
        for sock in self._sockets:
            with suppress(OSError):  # the other side was faster
                sock.shutdown(socket.SHUT_RDWR)


class _Watched(HTTPConnection):
    """Hands its socket to the exchange under way, whether it is new or was kept alive."""

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        current.get().watch(sock)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            current.get().watch(self.sock)
        super().request(*args, **kwargs)


class _Pinned(_Watched):
    """Resolves its name once, through the guard, and connects to the addresses that were checked."""

    def _new_conn(self) -> socket.socket:
        name, exchange = self._dns_host, current.get()
        try:
            addresses = exchange.guard.addresses(name, self.port)
        except (socket.gaierror, UnicodeError) as error:
            gone = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, gone) from error
        failure: Exception = NewConnectionError(self, f"no address for {name}")
        try:
            for address in addresses:
                self._dns_host = address
                try:
                    return super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
                if exchange.left() <= 0:
                    break
        finally:
            self._dns_host = name  # TLS and the Host header go by the name
        raise failure


class _WatchedTls(_Watched, HTTPSConnection):
    pass


class _PinnedTls(_Pinned, HTTPSConnection):
    pass


class _PinnedPool(HTTPConnectionPool):
    ConnectionCls = _Pinned


class _PinnedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedTls


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _WatchedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


PINNED = {"http": _PinnedPool, "https": _PinnedTlsPool}
WATCHED = {"http": _WatchedPool, "https": _WatchedTlsPool}
