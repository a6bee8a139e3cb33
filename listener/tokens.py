"""Access tokens that are bought with longer-lived credentials (OAuth 2.0, RFC 6749), kept in memory until they expire.

A channel is made anew for each unit of work; without this each poll would ask for a token. Nothing is written down:
a rotated refresh token is the channel's to save.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests

from listener.errors import ChannelError, HttpError
from listener.http import Http, raise_for

EARLY = 60.0  # seconds before its end from which on a token is not used any more
USUAL_LIFE = 3600.0
_REFUSED = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied", "invalid_scope"}
)
_kept: dict[str, tuple[str, float]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token endpoint gave. `life` in seconds; `refresh_token` only when it was rotated."""

    access_token: str
    life: float = USUAL_LIFE
    refresh_token: str | None = None


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
    http: Http, url: str, form: Mapping[str, str], *, title: str, auth: tuple[str, str] | None = None
) -> Granted:
    """Ask a token endpoint. Raises HttpError; it is never `delivered`: whatever was to be published was not sent."""
    try:
        answer = http.request(
            "POST",
            url,
            data=dict(form),
            auth=auth,
            headers={"Accept": "application/json"},
            judge=lambda got: _judge(got, title),
        )
        return _granted(answer, title)
    except ChannelError as error:
        error.delivered = False
        raise


def _judge(answer: requests.Response, title: str) -> None:
    said = _object(answer)
    code = str(said.get("error") or "")
    if code in _REFUSED or answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise HttpError(
            f"{title} refuses the account's credentials{f' ({code})' if code else ''}",
            status=answer.status_code,
            permanent=True,
            attention=True,
            hint="Reconnect the account: the credentials are wrong, were revoked or have expired.",
        )
    raise_for(answer)


def _granted(answer: requests.Response, title: str) -> Granted:
    said = _object(answer)
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
    return Granted(token, life, rotated if isinstance(rotated, str) and rotated else None)


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
