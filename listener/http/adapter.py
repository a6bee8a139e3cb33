"""The transport of every session: checks each hop, sends once, and reads the body within its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy

from listener.errors import HttpError
from listener.http.connections import PINNED, WATCHED, Exchange, current
from listener.http.failures import host_of
from listener.http.guard import Guard, is_loopback

_CHUNK = 64 * 1024


class Adapter(HTTPAdapter):
    """A requests adapter under the guard. Redirects come through `send` again, so each hop is checked.

    streaming: leave the body of a good answer to the caller, who reads it for as long as it comes and then closes
    `exchange`. An adapter that streams serves one answer.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        timeout: tuple[float, float],
        deadline: float,
        max_bytes: int,
        streaming: bool = False,
    ) -> None:
        """Take the limits as `Http` describes them."""
        self.exchange: Exchange | None = None
        self._streaming = streaming
        self._guard = guard
        self._timeout = timeout
        self._deadline = deadline
        self._max_bytes = max_bytes
        super().__init__(max_retries=0)
        self.poolmanager.pool_classes_by_scheme = PINNED

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Return the manager of a proxy; its connections go to the proxy, so they are watched and not pinned."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = WATCHED
        return manager

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the signature of requests
        timeout: Any = None,
        verify: Any = True,  # noqa: FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request and read its whole answer, also for `stream=True`. Raises HttpError, requests' errors."""
        del stream
        url = request.url or ""
        through = dict(proxies or {})
        proxied = bool(select_proxy(url, through))
        named = self._guard.check(url, resolve=not proxied)
        if named and is_loopback(urlsplit(url).hostname or ""):
            through = {}
        exchange = Exchange(self._guard, self._deadline)
        token = current.set(exchange)
        try:
            answer = super().send(
                request,
                stream=True,
                timeout=self._bounded(timeout),
                verify=verify,
                cert=cert,
                proxies=through,
            )
            if self._streaming and answer.ok and not answer.is_redirect:
                exchange.rest()
                self.exchange = exchange
                return answer
            try:
                self._read(answer, url)
            except BaseException:
                answer.close()
                raise
        except requests.RequestException as error:
            if exchange.late:
                raise self._late(url) from error
            raise
        else:
            if exchange.late:  # a body without a length that was cut looks complete
                raise self._late(url)
            return answer
        finally:
            current.reset(token)
            if exchange is not self.exchange:
                exchange.close()

    def _bounded(self, timeout: Any) -> Any:
        """A library may ask for less time, never for more and never for none."""
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        return min(connect or self._timeout[0], self._timeout[0]), min(
            read or self._timeout[1], self._timeout[1]
        )

    def _read(self, answer: requests.Response, url: str) -> None:
        parts: list[bytes] = []
        size = 0
        for chunk in answer.iter_content(_CHUNK):
            size += len(chunk)
            if size > self._max_bytes:
                message = f"{host_of(url)} sent more than {self._max_bytes:,} bytes; the rest was not read"
                raise HttpError(message, permanent=True, hint="Raise network.max_bytes if this is expected.")
            parts.append(chunk)
        # where requests itself keeps a body that it has read
        answer._content = b"".join(parts)  # noqa: SLF001
        answer._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001

    def _late(self, url: str) -> HttpError:
        message = f"{host_of(url)} took longer than {self._deadline:g} s to answer"
        return HttpError(message, hint="It is tried again by itself; if it lasts, raise network.deadline.")
