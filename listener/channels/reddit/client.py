"""praw on our guarded session: each request once, no sleeping, its errors in our words. The only file that imports it.

prawcore would send a POST again after a 5xx or a time-out (two comments for one answer) and sleep near the rate limit.
`_Once` judges each answer before prawcore sees it, so neither can happen.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import praw
import prawcore
import requests

from listener.errors import ChannelError, HttpError
from listener.http import Http, raise_for
from listener.http.failures import failed

if TYPE_CHECKING:
    from listener.channels.reddit import RedditOptions

TOKEN_PATH = "/api/v1/access_token"  # noqa: S105 - a path
NO_HINT_WAIT = timedelta(minutes=1)  # a 429 without a reset
for _name in ("praw", "prawcore"):  # their debug lines hold passwords and what is posted
    logging.getLogger(_name).setLevel(logging.WARNING)
BY_HAND = "Open the post on Reddit; where it can still be answered, answer there and record it."
_BREAK = re.compile(r"(\d{1,3}) (second|minute|hour)")
_REASONS = {
    "THREAD_LOCKED": "the thread is locked by the moderators",
    "TOO_OLD": "the thread is archived: nobody can answer any more",
    "DELETED_COMMENT": "the comment was deleted",
    "DELETED_LINK": "the post was deleted",
    "SUBREDDIT_NOTALLOWED": "this account may not write in the subreddit",
    "USER_BLOCKED": "the author has blocked this account",
    "TOO_LONG": "the answer is too long",
}


class _Once(prawcore.Requestor):
    """Sends each request exactly once. `fresh` is told a refresh token that Reddit has changed."""

    def __init__(self, *, fresh: Callable[[str], None], **options: Any) -> None:
        super().__init__(**options)
        self._fresh = fresh
        self._closed_until = 0.0  # on the monotonic clock

    def request(self, *args: Any, timeout: float | None = None, **options: Any) -> requests.Response:
        url = str(args[1])
        options["timeout"] = timeout or self.timeout
        wait = self._closed_until - time.monotonic()
        if wait > 0:
            raise _limited(timedelta(seconds=wait), delivered=False)
        try:
            answer: requests.Response = self._http.request(*args, **options)
        except OSError as error:
            raise failed(url, error) from error
        self._note(answer)
        is_token = url.endswith(TOKEN_PATH)
        _judge(answer, is_token=is_token)
        if is_token:
            self._keep(answer)
        return answer

    def _note(self, answer: requests.Response) -> None:
        """Remember an empty quota, and hide the numbers from prawcore, which would sleep on them."""
        left, reset = (
            answer.headers.pop("x-ratelimit-remaining", None),
            answer.headers.get("x-ratelimit-reset"),
        )
        try:
            if left is not None and reset is not None and float(left) < 1:
                self._closed_until = time.monotonic() + min(float(reset), 3600.0)
        except ValueError:
            return

    def _keep(self, answer: requests.Response) -> None:
        try:
            said = answer.json()
        except ValueError:
            return
        if isinstance(said, dict) and said.get("refresh_token"):
            self._fresh(str(said["refresh_token"]))


def connect(http: Http, options: RedditOptions, fresh: Callable[[str], None]) -> Any:
    """Return a client for the account, or for the app alone where there is no account."""
    return praw.Reddit(
        check_for_updates=False,
        check_for_async=False,
        client_id=options.client_id,
        client_secret=options.client_secret.get_secret_value() if options.client_secret else None,
        username=options.username,
        password=options.password.get_secret_value() if options.password else None,
        refresh_token=options.refresh_token.get_secret_value() if options.refresh_token else None,
        user_agent=http.user_agent,
        reddit_url=options.base_url,
        oauth_url=options.api_url + "/",  # so that a path in the address is kept
        requestor_class=_Once,
        requestor_kwargs={"session": http.session(), "fresh": fresh},
    )


@contextmanager
def spoken(what: str) -> Iterator[None]:
    """Turn what praw raises by itself into ChannelError; what `_Once` raises is one already."""
    try:
        yield
    except ChannelError:
        raise
    except prawcore.exceptions.OAuthException as error:
        raise _not_logged_in(f"{what}: Reddit refuses the log-in ({error.error})") from error
    except prawcore.exceptions.Redirect as error:
        raise HttpError(
            f"{what}: Reddit has nothing there", permanent=True, status=404,
            hint="Check the names of the subreddits.",
        ) from error  # fmt: skip
    except (prawcore.exceptions.BadJSON, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(what) from error
    except (prawcore.exceptions.PrawcoreException, praw.exceptions.PRAWException) as error:
        raise HttpError(f"{what}: Reddit did not do it ({type(error).__name__})") from error


def unreadable(what: str) -> HttpError:
    """Return the error of an answer that makes no sense; of a comment nobody knows whether it was made."""
    return HttpError(
        f"{what}: Reddit answered something that cannot be read",
        hint="It is tried again by itself; if it lasts, check base_url.",
    )


def refused(errors: Sequence[Any]) -> HttpError:
    """Return the error of an answer that lists why nothing was posted: `[code, message, field]`."""
    first = errors[0] if isinstance(errors[0], list | tuple) else [str(errors[0])]
    code, said = str(first[0]), str(first[1] if len(first) > 1 else "")[:200]
    if code == "RATELIMIT":
        found = _BREAK.search(said)
        units = {"second": 1, "minute": 60, "hour": 3600}
        seconds = int(found[1]) * units[found[2]] if found else NO_HINT_WAIT.total_seconds()
        return _limited(timedelta(seconds=seconds + 1))
    return HttpError(
        f"reply: Reddit refuses it: {_REASONS.get(code) or said or code}", permanent=True, status=400, hint=BY_HAND
    )  # fmt: skip


def _judge(answer: requests.Response, *, is_token: bool) -> None:
    try:
        raise_for(answer)
    except HttpError as error:
        if is_token and error.status in {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.UNAUTHORIZED,
        }:
            raise _not_logged_in(f"log-in: {error}", error.status) from error
        if error.status == HTTPStatus.TOO_MANY_REQUESTS and error.retry_after is None:
            error.retry_after = NO_HINT_WAIT
        raise


def _not_logged_in(message: str, status: int | None = 401) -> HttpError:
    return HttpError(
        message, permanent=True, attention=True, status=status, delivered=False,
        hint="Check client_id, client_secret and the account's password or refresh_token, then connect it again.",
    )  # fmt: skip


def _limited(wait: timedelta, *, delivered: bool = True) -> HttpError:
    return HttpError(
        "Reddit asks us to take a break", status=429, retry_after=wait, delivered=delivered,
        hint="Goes on by itself after the break.",
    )  # fmt: skip


def data_of(listing: Any, what: str) -> Mapping[str, Any]:
    """Return the `data` of a thing. Raises HttpError when there is none."""
    data = listing.get("data") if isinstance(listing, Mapping) else None
    if not isinstance(data, Mapping):
        raise unreadable(what)
    return data
