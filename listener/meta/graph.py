"""The Graph API: one bearer, errors by code, and a pause before the platform has to impose one.

Error codes: https://developers.facebook.com/docs/graph-api/guides/error-handling . An expired token is a 400 with code
190, a rate limit is a 400 with code 4, 17, 32 or 613: the status alone says nothing. The next page's address carries
the token, so pages go on by `after`. The token itself travels in a header, never in an address.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import requests

from listener.api import Api
from listener.errors import HttpError
from listener.http import Http, raise_for

VERSION = "v23.0"
TIRED = 95  # per cent of a quota from which on nothing more is asked in this run
REST = timedelta(minutes=10)  # the quotas are rolling windows of an hour
_LIMITED = frozenset({4, 17, 32, 341, 613, 130429, 131048, 131056, *range(80000, 80015)})
_TOKEN = frozenset({102, 190, 463, 467})
_PERMISSION = frozenset({3, 10, 368, 131031, *range(200, 300)})
_PASSING = frozenset({1, 2, 131000, 131016, 133004})
_GONE_SUBCODE = 33  # of code 100: no such object, or not for this token
_USAGE = ("x-app-usage", "x-page-usage", "x-ad-account-usage")
_RECONNECT = "Make a new access token (a page or system-user token does not expire) and set access_token."


class Graph:
    """One access token; made anew for each unit of work."""

    def __init__(
        self, http: Http, base_url: str, token: str, *, version: str = VERSION, app_secret: str | None = None
    ) -> None:
        """`app_secret` signs each call (appsecret_proof), which an app can be set to require."""
        self._api = Api(
            http,
            f"{base_url.rstrip('/')}/{version}",
            title="the Graph API",
            bearer=lambda: token,
            judge=self._judge,
        )
        proof = (
            hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest() if app_secret else None
        )
        self._signed = {"appsecret_proof": proof} if proof else {}
        self._tired = False

    def read(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET an object. Raises ChannelError."""
        if self._tired:
            raise HttpError(
                "Meta's quota is nearly used up", status=HTTPStatus.TOO_MANY_REQUESTS, retry_after=REST,
                delivered=False, hint="Goes on by itself; poll less often if it happens every day.",
            )  # fmt: skip
        return self._api.read(path, {**self._signed, **(params or {})})

    def write(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST once. Raises HttpError; its `delivered` and `status` say whether something may have been published."""
        return self._api.write("POST", path, body, dict(self._signed))

    def _judge(self, answer: requests.Response) -> None:
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise refused(answer)
        self._tired = self._tired or usage(answer.headers) >= TIRED


def usage(headers: Mapping[str, str]) -> float:
    """Return the highest use of any quota in per cent, as the usage headers tell it."""
    found = [0.0]
    for name in _USAGE:
        said = _json(headers.get(name))
        found += [float(value) for value in said.values() if isinstance(value, int | float)]
    for entries in _json(headers.get("x-business-use-case-usage")).values():
        for entry in entries if isinstance(entries, list) else []:
            names = ("call_count", "total_cputime", "total_time")
            found += [float(entry[name]) for name in names if isinstance(entry.get(name), int | float)]
    return max(found)


def refused(answer: requests.Response) -> HttpError:
    """Return the error of an answer ≥ 400, by Meta's code."""
    error = _json(answer.text).get("error")
    if not isinstance(error, Mapping) or not isinstance(error.get("code"), int):
        try:
            raise_for(answer)
        except HttpError as plain:
            return plain
    error = error if isinstance(error, Mapping) else {}
    code, subcode = int(error.get("code") or 0), int(error.get("error_subcode") or 0)
    said = " ".join(str(error.get("message") or "no reason given").split())[:200]
    status = answer.status_code
    made = HttpError(f"Meta answered code {code}: {said}", status=status, permanent=True)
    if code in _LIMITED:
        made.permanent, made.status, made.retry_after = (
            False,
            HTTPStatus.TOO_MANY_REQUESTS,
            _wait(answer.headers),
        )
        made.hint = "Nothing to do: it goes on by itself when the quota allows."
    elif code in _TOKEN:
        made.attention, made.hint = True, _RECONNECT
    elif code in _PERMISSION:
        made.hint = "Check the token's permissions and the app's access level (App Review)."
    elif code in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        made.permanent, made.hint = False, "Meta has a problem of its own: it is tried again by itself."
    elif subcode == _GONE_SUBCODE:
        made.status, made.hint = HTTPStatus.NOT_FOUND, "It was deleted, or is not for us."
    return made


def moment(value: object) -> datetime | None:
    """Return an instant of the API: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        if isinstance(value, int | float) or str(value).isdecimal():
            number = float(str(value))
            return datetime.fromtimestamp(number / (1000 if number > 1e11 else 1), UTC)  # noqa: PLR2004 - milliseconds
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except (ValueError, OverflowError, OSError):
        return None


def after(said: Mapping[str, Any]) -> str | None:
    """Return where the next page begins; None on the last one, whose cursors only point at its own end."""
    paging = said.get("paging") or {}
    return str((paging.get("cursors") or {}).get("after") or "") or None if paging.get("next") else None


def data(said: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list."""
    found = said.get("data")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _wait(headers: Mapping[str, str]) -> timedelta:
    for entries in _json(headers.get("x-business-use-case-usage")).values():
        for entry in entries if isinstance(entries, list) else []:
            minutes = entry.get("estimated_time_to_regain_access")
            if isinstance(minutes, int | float) and minutes > 0:
                return timedelta(minutes=min(float(minutes), 24 * 60))
    return REST


def _json(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
