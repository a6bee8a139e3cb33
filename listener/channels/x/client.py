"""tweepy on our guarded session, and its errors in our words. The only file that imports it.

tweepy has no time-out, a fixed host, and sleeps on rate limits if it is let: the session brings the time-out, `_Moved`
the host (before OAuth 1.0a signs the address), and `wait_on_rate_limit` stays off. Whatever comes through raw (broken
JSON, connection errors) is caught here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

import requests
import tweepy

from listener.errors import HttpError
from listener.http import Http, raise_for
from listener.http.failures import failed

if TYPE_CHECKING:
    from listener.channels.x.options import XOptions

HOST = "https://api.twitter.com"  # what tweepy asks
WINDOW = timedelta(minutes=15)  # of X's rate limits: the wait when a 429 does not say how long
BY_HAND = "Open the post on X and answer there; then record it as answered by hand."
for _name in ("tweepy", "requests_oauthlib", "oauthlib"):  # their debug lines hold tokens and whole answers
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Moved:
    """Stands in for the session of tweepy: the same requests, asked of `base_url`."""

    def __init__(self, session: requests.Session, base_url: str) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        return self._session.request(method, self._base_url + url.removeprefix(HOST), **options)


def connect(http: Http, options: XOptions, user_token: str | None = None) -> tweepy.Client:
    """Return a client that answers with plain JSON, never sleeps and cannot leave the guard.

    `user_token`: of an account that logged in (OAuth 2.0); it takes the place of the app's bearer token.
    """
    client = tweepy.Client(
        *(
            secret if secret is None or isinstance(secret, str) else secret.get_secret_value()
            for secret in (
                user_token or options.bearer_token,
                options.consumer_key,
                options.consumer_secret,
                options.access_token,
                options.access_token_secret,
            )
        ),
        return_type=dict,
        wait_on_rate_limit=False,
    )
    client.session = _Moved(http.session(), options.base_url)
    client.user_agent = http.user_agent
    return client


@contextmanager
def spoken(base_url: str, what: str) -> Iterator[None]:
    """Turn everything that tweepy lets through into HttpError. `what`: what we were doing, for people.

    For a call that publishes the error's `delivered` and `status` say whether something may have been posted.
    """
    try:
        yield
    except HttpError:
        raise
    except tweepy.HTTPException as error:
        _refuse(error.response, what, error)
    except (requests.JSONDecodeError, ValueError, AttributeError, TypeError) as error:
        # tweepy reads the answer before it hands it over: not JSON, or JSON that is no object
        raise unreadable(what) from error
    except OSError as error:
        raise failed(base_url, error) from error


def unreadable(what: str) -> HttpError:
    """Return the error of an answer that makes no sense; of a post nobody knows whether it was made."""
    return HttpError(
        f"{what}: X answered something that cannot be read",
        hint="It is tried again by itself; if it lasts, check base_url.",
    )


def judge(what: str) -> Callable[[requests.Response], None]:
    """Return what raises HttpError for the error answers of requests that are not tweepy's: those of a stream."""

    def judged(answer: requests.Response) -> None:
        if not answer.ok:
            _refuse(answer, what, None)

    return judged


def _refuse(answer: requests.Response, what: str, cause: Exception | None) -> NoReturn:
    said = _body(answer)
    detail = " ".join(str(said.get("detail") or said.get("title") or "").split())[:200]
    kind = f"{said.get('type') or ''} {said.get('title') or ''} {detail}".lower()
    status = answer.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS and ("usage-capped" in kind or "usagecap" in kind):
        raise HttpError(
            f"{what}: the monthly cap of reads of this X plan is used up ({detail})",
            permanent=True,
            attention=True,
            status=status,
            hint="Raise the cap or the plan in X's developer console, then test the account.",
        ) from cause
    try:
        raise_for(answer)
    except HttpError as error:
        if status == HTTPStatus.TOO_MANY_REQUESTS and error.retry_after is None:
            error.retry_after = WINDOW
        if status == HTTPStatus.FORBIDDEN:
            raise _forbidden(what, kind, detail) from cause
        if status == HTTPStatus.UNAUTHORIZED:
            error.hint = "Reconnect the account: its keys or tokens are wrong, expired or were revoked."
        raise
    raise HttpError(f"{what}: X answered {status}", status=status) from cause  # tweepy calls a 3xx an error


def _forbidden(what: str, kind: str, detail: str) -> HttpError:
    """Say what a 403 is about: content that exists already, a post that may not be answered, or the account."""
    if "duplicate content" in kind:
        # our earlier call may have been the one that posted it: the outbox looks before anything else is done
        return HttpError(f"{what}: X says that this text was posted already")
    if "reply" in kind or "mentioned" in kind or "not visible to you" in kind or "deleted" in kind:
        return HttpError(f"{what}: X does not allow it ({detail})", permanent=True, status=403, hint=BY_HAND)
    return HttpError(
        f"{what}: X refuses this account ({detail or 'forbidden'})",
        permanent=True,
        attention=True,
        status=403,
        hint="Check the app's permissions (read and write) and the account's standing in X's developer console.",
    )


def _body(answer: requests.Response) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    errors = said.get("errors")
    if not said.get("detail") and isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return {"detail": errors[0].get("message") or errors[0].get("detail"), **said, **errors[0]}
    return said
