"""What an error answer means for the schedule: wait until when, ask a person, or give up.

Status codes by RFC 9110; resets as X, Mastodon, Reddit, GitHub and the IETF draft spell them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests

from listener.errors import HttpError
from listener.http.failures import host_of

_LONGEST_WAIT = timedelta(hours=24)  # a reset in the year 2099 must not blind a source for ever
_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
_REMAINING = ("x-rate-limit-remaining", "x-ratelimit-remaining", "ratelimit-remaining")
_EPOCHS = 1_000_000_000  # a larger number is a moment (seconds since 1970), a smaller one a wait in seconds
_SAID_LENGTH = 200
_SECRETS = re.compile(r"\?\S+|(?=[\w.~+/-]*\d)[\w.~+/-]{16,}")
_TRANSIENT = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.LOCKED,
    HTTPStatus.MISDIRECTED_REQUEST,
}
_HINTS = {
    HTTPStatus.UNAUTHORIZED: "Reconnect the account: its credentials are wrong or have expired.",
    HTTPStatus.PAYMENT_REQUIRED: "The platform wants to be paid: check plan and credits there, then test the account.",
    HTTPStatus.FORBIDDEN: "Check that the account may do this: its permissions, its scopes, the platform's rules.",
    HTTPStatus.NOT_FOUND: "Check the address and the id; what was there may have been deleted.",
    HTTPStatus.GONE: "It was removed for good: remove the source or change its address.",
    HTTPStatus.TOO_MANY_REQUESTS: "Nothing to do: it goes on by itself after the reset.",
}


def raise_for(response: requests.Response) -> None:
    """Raise HttpError when the answer is an error (400 and above); the message holds no secret."""
    status = response.status_code
    if status < HTTPStatus.BAD_REQUEST:
        return
    limited = status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.FORBIDDEN and _first(response.headers, _REMAINING) == "0"
    )
    transient = limited or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRANSIENT
    said = _said(response)
    raise HttpError(
        f"{host_of(response.url or '')} answered {status} {_phrase(status)}" + (f": {said}" if said else ""),
        status=status,
        permanent=not transient,
        attention=status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED},
        # the numbers of a quota that is not used up stand on every answer, on that of a broken server too
        retry_after=retry_after(response.headers, resets=limited) if transient else None,
        hint=_HINTS[HTTPStatus.TOO_MANY_REQUESTS] if limited else _hint(status),
    )


def retry_after(
    headers: Mapping[str, str], at: datetime | None = None, *, resets: bool = True
) -> timedelta | None:
    """Return how long to wait from `at` (now): Retry-After, else (`resets`) a rate limit's reset; at most 24 hours."""
    at = at or datetime.now(UTC)
    text = headers.get("retry-after") or (_first(headers, _RESETS) if resets else None)
    if not text:
        return None
    moment = _moment(text.strip(), at)
    return None if moment is None else min(max(moment - at, timedelta(0)), _LONGEST_WAIT)


def _moment(text: str, at: datetime) -> datetime | None:
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        if not 0 <= number < 1e13:  # noqa: PLR2004 - neither a wait nor a moment
            return None
        if number < _EPOCHS:
            return at + timedelta(seconds=number)
        return datetime.fromtimestamp(number / (1000 if number > 1e11 else 1), UTC)  # noqa: PLR2004 - milliseconds
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((headers[name] for name in names if headers.get(name)), None)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(not a standard code)"


def _hint(status: int) -> str:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "The platform has a problem of its own: it is tried again by itself."
    return _HINTS.get(HTTPStatus(status), "") if status in set(HTTPStatus) else ""


def _said(response: requests.Response) -> str:
    """Return the platform's own words where the body is JSON, without anything that looks like a token."""
    if "json" not in response.headers.get("content-type", ""):
        return ""
    try:
        words = _words(response.json())
    except (ValueError, RecursionError):
        return ""
    return _SECRETS.sub("…", " ".join(words.split()))[:_SAID_LENGTH]


def _words(body: Any) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return _words(body[0]) if body else ""
    if isinstance(body, dict):
        for key in ("detail", "error_description", "message", "error", "errors", "title"):
            found = _words(body.get(key))
            if found:
                return found
    return ""
