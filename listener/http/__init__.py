"""The one way out: HTTP sessions that end by themselves, never reach inside the house, and never send twice.

Client libraries get a `session()`; our own channels call `get` and `request`, whose failures are all HttpError.
Only a GET whose connection failed is tried again, at most twice; nothing here sleeps for a rate limit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import stamina

from listener.errors import HttpError
from listener.http.adapter import Adapter
from listener.http.answers import raise_for
from listener.http.failures import failed
from listener.http.guard import Guard

if TYPE_CHECKING:
    from listener.http.lines import Lines
    from listener.http.websocket import WebSocket

__all__ = ["Guard", "Http", "HttpError", "raise_for"]

USER_AGENT = "AllEars/0.1 (listens for brands; self-hosted)"
_TRIES = 3  # of a GET whose connection fails
_REDIRECTS = 5


class Http:
    """Makes guarded sessions; one a process, safe to share among threads."""

    def __init__(
        self,
        allow: Sequence[str] = (),
        timeout: tuple[float, float] = (5.0, 20.0),
        deadline: float = 60.0,
        max_bytes: int = 10_000_000,
        user_agent: str = USER_AGENT,
    ) -> None:
        """Take the limits of every exchange. Raises ListenerError for an entry of `allow` that is no host:port.

        allow: "host:port" or "host:*" pairs that may be private addresses; timeout: seconds to connect and between
        two bytes; deadline: seconds for one answer in all; max_bytes: of one answer, after inflating.
        """
        self.guard = Guard(allow)
        self.timeout = timeout
        self.deadline = deadline
        self.max_bytes = max_bytes
        self.user_agent = user_agent

    def session(self) -> requests.Session:
        """Return a new session under the guard, for a client library; it reads every body before it returns.

        Raises HttpError where the guard, the deadline or the size limit stops it, else what requests raises.
        """
        made = requests.Session()
        adapter = Adapter(self.guard, timeout=self.timeout, deadline=self.deadline, max_bytes=self.max_bytes)
        made.mount("https://", adapter)
        made.mount("http://", adapter)
        made.headers["User-Agent"] = self.user_agent
        made.max_redirects = _REDIRECTS
        made.auth = _as_it_is
        made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        bundle = os.environ.get("SSL_CERT_FILE")
        if bundle:  # requests itself reads REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, which win
            made.verify = bundle
        return made

    def get(self, url: str, **options: Any) -> requests.Response:
        """GET; options as in requests. A failed connection is tried twice more. Raises HttpError, also for ≥ 400."""
        # a context, not the decorator: that one would log the arguments, tokens included
        for attempt in stamina.retry_context(
            on=_worth_another_try,
            attempts=_TRIES,
            timeout=timedelta(seconds=self.deadline),
            wait_initial=0.2,
            wait_max=2.0,
            wait_jitter=0.3,
        ):
            with attempt:
                return self.request("GET", url, **options)
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def request(
        self,
        method: str,
        url: str,
        *,
        judge: Callable[[requests.Response], None] = raise_for,
        **options: Any,
    ) -> requests.Response:
        """Send once; options as in requests. Raises HttpError, also for answers ≥ 400.

        `judge` raises for answers that are errors, where a platform tells more in its body than status and headers do.
        Its `delivered` is False where the request certainly did not arrive; after anything else that is not a 4xx
        nobody knows whether a POST was done.
        """
        try:
            with self.session() as session:
                answer = session.request(method, url, **options)
        except OSError as error:  # the parent of all that requests raises
            raise failed(url, error) from error
        judge(answer)
        return answer

    def lines(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        silence: float,
        judge: Callable[[requests.Response], None] = raise_for,
    ) -> Lines:
        """GET an answer that does not end and return its lines. Raises HttpError, also for answers ≥ 400.

        silence: seconds without a whole line (an empty one counts) after which the connection is dead.
        """
        from listener.http.lines import open_lines  # noqa: PLC0415 - only streams need threads

        adapter = Adapter(
            self.guard,
            timeout=(self.timeout[0], silence),
            deadline=self.deadline,
            max_bytes=self.max_bytes,
            streaming=True,
        )
        return open_lines(self.session(), adapter, url, headers=headers, silence=silence, judge=judge)

    def websocket(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        silence: float | None = None,
        judge: Callable[[requests.Response], None] = raise_for,
    ) -> WebSocket:
        """Connect to a ws or wss address. Raises HttpError, also when the other side refuses with an answer.

        silence: seconds without a message after which the connection is dead; None = only unanswered pings end it.
        """
        from listener.http.websocket import open_websocket  # noqa: PLC0415 - only streams need the package

        return open_websocket(
            self.guard,
            url,
            headers=headers or {},
            user_agent=self.user_agent,
            timeout=self.timeout,
            silence=silence,
            judge=judge,
        )


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request alone: without any `auth`, requests would put a password of ~/.netrc over our token."""
    return request


def _worth_another_try(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(cause, requests.ConnectionError) and not isinstance(
        cause, requests.ReadTimeout | requests.exceptions.SSLError
    )
