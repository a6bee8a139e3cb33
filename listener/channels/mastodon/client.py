"""Mastodon.py with our guarded session, and its errors in our words. The only file that imports it.

Mastodon.py wraps everything the session raises into MastodonNetworkError; what really happened is in its context.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from time import time
from typing import Any

import requests
from mastodon import Mastodon as Library
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNetworkError,
    MastodonNotFoundError,
    MastodonRatelimitError,
)
from mastodon.types_base import PaginatableList

from listener.errors import ChannelError, HttpError
from listener.http import Http

NO_HINT_WAIT = timedelta(minutes=5)  # a 429 without a reset: the length of Mastodon's window


class Answer(dict[str, Any]):
    """A JSON object as it came; the library reads fields of its own answers as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Client(Library):
    """The library without its casts: each field of each status to a declared type took two thirds of reading a page."""

    def _Mastodon__try_cast_to_type(self, value: Any, override_type: Any = None) -> tuple[Any, None]:  # noqa: N802 - its name
        """Stand in for a private method; should it be renamed, reading is slow again and nothing else changes."""
        del override_type
        if isinstance(value, dict):
            return Answer(value), None
        return PaginatableList(value) if isinstance(value, list) else value, None  # type: ignore[no-untyped-call]


def connect(http: Http, base_url: str, token: str | None, version: str) -> Client:
    """Return a client that never sleeps, never asks for the version by itself and cannot leave the guard."""
    return Client(
        access_token=token,
        api_base_url=base_url,
        mastodon_version=version,
        version_check_mode="created",  # "none" forgets the version that was given
        ratelimit_method="throw",
        request_timeout=http.timeout,  # type: ignore[arg-type]  # passed on to requests, which takes the pair
        session=http.session(),
        user_agent=http.user_agent,
    )


@contextmanager
def spoken(client: Client, what: str) -> Iterator[None]:
    """Turn the library's errors into ChannelError while reading. `what`: what we were doing, for people."""
    try:
        yield
    except MastodonRatelimitError as error:
        raise limited(client, what) from error
    except MastodonNetworkError as error:
        cause = error.__context__
        if isinstance(cause, ChannelError):
            raise cause from error
        raise ChannelError(
            f"{what}: the instance could not be reached ({type(cause or error).__name__})",
            hint="It is tried again by itself; if it lasts, check base_url.",
        ) from error
    except MastodonAPIError as error:
        raise refused(error, what) from error
    except MastodonError as error:
        raise ChannelError(f"{what}: {type(error).__name__}", permanent=True) from error


@contextmanager
def posting(client: Client, what: str) -> Iterator[None]:
    """As `spoken`, for a call that publishes: the HttpError says whether something may have been posted.

    A time-out, a broken connection after sending, a 5xx or an unreadable answer leaves it open (`delivered`).
    """
    try:
        yield
    except MastodonRatelimitError as error:
        raise limited(client, what) from error
    except MastodonNetworkError as error:
        cause = error.__context__
        if isinstance(cause, ChannelError):
            raise cause from error
        if isinstance(cause, requests.ConnectTimeout) or _never_connected(cause):
            raise HttpError(f"{what}: no connection to the instance", delivered=False) from error
        raise HttpError(f"{what}: no clear answer ({type(cause or error).__name__})") from error
    except MastodonAPIError as error:
        raise refused(error, what) from error


def limited(client: Client, what: str) -> HttpError:
    """Return the error of a 429, with the platform's own reset where it gives one."""
    reset = client.ratelimit_reset
    wait = timedelta(seconds=max(1.0, reset - time())) if reset else NO_HINT_WAIT
    return HttpError(
        f"{what}: rate limited by the instance",
        retry_after=wait,
        status=429,
        hint="Goes on by itself after the reset.",
    )


def refused(error: MastodonAPIError, what: str) -> HttpError:
    """Return the error of a 4xx or 5xx answer."""
    status = _status(error)
    said = str(error.args[3]) if len(error.args) > 3 and error.args[3] else ""  # noqa: PLR2004 - (text, status, reason, said)
    text = f"{what}: the instance answered {status or 'something unreadable'}{f' ({said[:200]})' if said else ''}"
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}:
        hint = "Check access_token and its scopes (read, write:statuses); make a new one in the instance's settings."
        attention = status != HTTPStatus.FORBIDDEN or "scope" in said.lower()
        return HttpError(text, permanent=True, attention=attention, hint=hint, status=status)
    if isinstance(error, MastodonNotFoundError):
        return HttpError(
            text, permanent=True, status=404, hint="The post is gone, or not visible to this account."
        )
    permanent = status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR
    return HttpError(text, permanent=permanent, status=status)


def _status(error: MastodonAPIError) -> int | None:
    return error.args[1] if len(error.args) > 1 and isinstance(error.args[1], int) else None


def _never_connected(cause: BaseException | None) -> bool:
    """Say whether a ConnectionError came before anything was sent (refused, no route, unknown name)."""
    if not isinstance(cause, requests.ConnectionError):
        return False
    return any(
        name in repr(cause) for name in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
    )
