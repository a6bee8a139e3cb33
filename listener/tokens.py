"""Access tokens that are bought with longer-lived credentials (OAuth 2.0, RFC 6749).

What is bought with a key (service account, client credentials) is kept in this process's memory until it expires. What
is bought with a token of the account, which the platform may replace with each use, goes through a `Keeper`: that of a
stored account is `listener.oauth.keeper`, the one here serves a channel that no row stands behind.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import requests

from listener.errors import ChannelError, HttpError
from listener.http import Http, raise_for

EARLY = 60.0  # seconds before its end from which on a token is not used any more
USUAL_LIFE = 3600.0
REFRESH_TOKEN, ACCESS_TOKEN = "refresh_token", "access_token"  # names of options
RECONNECT = "Reconnect the account: the credentials are wrong, were revoked or have expired."
_REFUSED = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied", "invalid_scope"}
)
_kept: dict[str, tuple[str, float]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token endpoint gave. `life` in seconds; `refresh_token` only when there is a new one; `scope` as said."""

    access_token: str
    life: float = USUAL_LIFE
    refresh_token: str | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """How an account buys its access token.

    `shelf`: tells platforms and clients apart in memory; `option`: the secret that is spent; `spent`: its value as the
    channel was opened with; `ask(value)`: spends a value, once, and raises HttpError.
    """

    shelf: str
    option: str
    spent: str
    ask: Callable[[str], Granted]

    def next(self, granted: Granted) -> str | None:
        """Return what is to be spent the next time, None while it is what it was."""
        return granted.access_token if self.option == ACCESS_TOKEN else granted.refresh_token


class Keeper(Protocol):
    """Holds an account's access token and renews it before its end."""

    def token(self, renewal: Renewal) -> str:
        """Return a token that is good now. Raises ChannelError."""

    def refused(self, renewal: Renewal) -> None:
        """Take note that the platform did not take the token."""


class Memory:
    """The keeper of a channel without a row: tokens in memory, what was rotated goes to `save`."""

    def __init__(self, save: Callable[[dict[str, str]], None]) -> None:
        """Take what hears of a rotated secret, by the name of its option."""
        self._save = save

    def token(self, renewal: Renewal) -> str:
        """Return the kept token, or buy one. Raises HttpError."""
        return access_token(self._key(renewal), lambda: self._bought(renewal))

    def refused(self, renewal: Renewal) -> None:
        """Drop the token."""
        forget(self._key(renewal))

    def _key(self, renewal: Renewal) -> str:
        return f"{renewal.shelf} {renewal.option}"

    def _bought(self, renewal: Renewal) -> Granted:
        granted = renewal.ask(renewal.spent)
        fresh = renewal.next(granted)
        if fresh:
            self._save({renewal.option: fresh})
        return granted


def digest(secret: str) -> str:
    """Return a short hash that tells two secrets apart without telling either."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def access_token(key: str, fetch: Callable[[], Granted]) -> str:
    """Return the kept token of `key`, or fetch one. `key` holds everything the token depends on, secrets as digests."""
    with _lock:
        value, until = _kept.get(key, ("", 0.0))
    if value and time.monotonic() < until:
        return value
    granted = fetch()
    with _lock:
        _kept[key] = granted.access_token, time.monotonic() + max(0.0, granted.life - EARLY)
    return granted.access_token


def forget(key: str) -> None:
    """Drop a token that the platform refused, so that the next use asks for a new one."""
    with _lock:
        _kept.pop(key, None)


def forget_all() -> None:
    """Drop every token of this process."""
    with _lock:
        _kept.clear()


def grant(
    http: Http,
    url: str,
    form: Mapping[str, str],
    *,
    title: str,
    auth: tuple[str, str] | None = None,
    judge: Callable[[requests.Response], None] | None = None,
) -> Granted:
    """Ask a token endpoint. Raises HttpError; it is never `delivered`: whatever was to be published was not sent.

    `judge` raises for answers that are errors, where "reconnect" is not the right word for it.
    """
    try:
        answer = http.request(
            "POST",
            url,
            data=dict(form),
            auth=auth,
            headers={"Accept": "application/json"},
            judge=judge or (lambda got: _judge(got, title)),
        )
        return _granted(answer, title)
    except ChannelError as error:
        error.delivered = False
        raise


def _judge(answer: requests.Response, title: str) -> None:
    said = object_of(answer)
    code = str(said.get("error") or "")
    if code in _REFUSED or answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise HttpError(
            f"{title} refuses the account's credentials{f' ({code})' if code else ''}",
            status=answer.status_code,
            permanent=True,
            attention=True,
            hint=RECONNECT,
        )
    raise_for(answer)


def _granted(answer: requests.Response, title: str) -> Granted:
    said = object_of(answer)
    token = said.get("access_token")
    if not isinstance(token, str) or not token:
        raise HttpError(
            f"{title}: the token endpoint answered without a token", hint="Check base_url and auth_url."
        )
    try:
        life = float(said.get("expires_in") or USUAL_LIFE)
    except (TypeError, ValueError):
        life = USUAL_LIFE
    rotated = said.get("refresh_token")
    scope = said.get("scope")
    return Granted(
        token,
        life,
        rotated if isinstance(rotated, str) and rotated else None,
        scope if isinstance(scope, str) else "",
    )


def object_of(answer: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an answer, empty when it is none."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
