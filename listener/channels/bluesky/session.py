"""XRPC on our guarded client: logged in once, refreshed before it ends, errors in our words.

https://atproto.com/specs/xrpc . Log-ins are few (100 to 300 a day), so the refresh token is kept with the account's
secrets and the access token in memory. We speak XRPC ourselves: the package atproto brings a second HTTP stack, which
our guard, time-outs and size limits would not hold.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from listener import tokens
from listener.errors import HttpError
from listener.http import Http, raise_for

if TYPE_CHECKING:
    from listener.channels.bluesky import BlueskyOptions

WINDOW = timedelta(minutes=5)  # of the rate limits: the wait when a 429 does not say how long
_OVER = frozenset({"ExpiredToken", "InvalidToken"})
_NOBODY = frozenset(
    {
        "AuthenticationRequired",
        "AuthFactorTokenRequired",
        "AccountTakedown",
        "AccountDeactivated",
        "AuthMissing",
    }
)
_HINT = "Make an app password in Bluesky's settings (Privacy and security) and connect the account with it."


class XrpcError(HttpError):
    """An error answer. `name` is the lexicon's word for it (`RecordNotFound`), empty when there is none."""

    name = ""


class Session:
    """One log-in. `save` keeps the refresh token, `remember` what the server says of us (did, handle)."""

    def __init__(
        self,
        http: Http,
        options: BlueskyOptions,
        save: Callable[[dict[str, str]], None],
        remember: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._http, self._options, self._save, self._remember = http, options, save, remember
        password = options.app_password.get_secret_value()
        self._key = f"bluesky {options.base_url} {options.handle} {tokens.digest(password)}"

    def read(self, what: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a query. Raises HttpError."""

        def once() -> requests.Response:
            url, headers = self._url(method), self._bearer(self._token())
            answer: requests.Response = self._http.get(
                url, params=params, headers=headers, judge=_judge(what)
            )
            return answer

        return self._twice(what, once)

    def write(self, what: str, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call a procedure once; again only where the server refused it for an access token that has ended."""

        def once() -> requests.Response:
            headers = self._bearer(self._token())
            return self._http.request(
                "POST", self._url(method), json=body, headers=headers, judge=_judge(what)
            )

        return self._twice(what, once)

    def log_in(self) -> None:
        """Log in anew with the password. Raises HttpError."""
        tokens.forget(self._key)
        tokens.access_token(self._key, self._created)

    def _twice(self, what: str, once: Callable[[], requests.Response]) -> dict[str, Any]:
        try:
            answer = once()
        except XrpcError as error:
            if error.name not in _OVER:
                raise
            tokens.forget(self._key)
            answer = once()
        return _object(answer, what)

    def _token(self) -> str:
        return tokens.access_token(self._key, self._granted)

    def _granted(self) -> tokens.Granted:
        kept = self._options.session
        if kept is None:
            return self._created()
        url = self._url("com.atproto.server.refreshSession")
        try:
            answer = self._http.request(
                "POST", url, headers=self._bearer(kept.get_secret_value()), judge=_judge("session")
            )
        except XrpcError as error:
            error.delivered = False  # whatever was to be published was not sent
            if error.status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
                raise
            return self._created()
        said = _object(answer, "session")
        if self._options.handle not in {str(said.get("handle")).lower(), str(said.get("did"))}:
            return self._created()  # kept from another account, or the handle is an e-mail address
        return self._taken(said)

    def _created(self) -> tokens.Granted:
        body = {
            "identifier": self._options.handle,
            "password": self._options.app_password.get_secret_value(),
        }
        try:
            answer = self._http.request(
                "POST", self._url("com.atproto.server.createSession"), json=body, judge=_judge("log-in")
            )
        except HttpError as error:
            error.delivered = False
            raise
        return self._taken(_object(answer, "log-in"))

    def _taken(self, said: Mapping[str, Any]) -> tokens.Granted:
        access, refresh = str(said.get("accessJwt") or ""), str(said.get("refreshJwt") or "")
        if not access or not said.get("did"):
            error = unreadable("log-in")
            error.delivered = False
            raise error
        self._remember(said)
        if refresh:
            self._save({"session": refresh})
        return tokens.Granted(access, _life(access))

    def _url(self, method: str) -> str:
        return f"{self._options.base_url}/xrpc/{method}"

    @staticmethod
    def _bearer(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def unreadable(what: str) -> HttpError:
    """Return the error of an answer that makes no sense; of a post nobody knows whether it was made."""
    return HttpError(
        f"{what}: Bluesky answered something that cannot be read",
        hint="It is tried again by itself; if it lasts, check base_url.",
    )


def views_of(said: Mapping[str, Any], name: str, what: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list that an answer must have. Raises HttpError: no list is not an empty list."""
    found = said.get(name)
    if not isinstance(found, list):
        raise unreadable(what)
    return [view for view in found if isinstance(view, Mapping)]


def _judge(what: str) -> Callable[[requests.Response], None]:
    def judged(answer: requests.Response) -> None:
        try:
            raise_for(answer)
        except HttpError as error:
            name = _name(answer)
            over = name in _OVER
            nobody = name in _NOBODY or (error.attention and not over)
            wait = error.retry_after
            if wait is None and error.status == HTTPStatus.TOO_MANY_REQUESTS:
                wait = WINDOW
            made = XrpcError(
                f"{what}: {error}", permanent=error.permanent, retry_after=wait, attention=nobody,
                hint=_HINT if nobody else error.hint, status=error.status,
            )  # fmt: skip
            made.name = name
            raise made from error

    return judged


def _name(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    return str(said.get("error") or "") if isinstance(said, dict) else ""


def _object(answer: requests.Response, what: str) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError as error:
        raise unreadable(what) from error
    if not isinstance(said, dict):
        raise unreadable(what)
    return said


def _life(jwt: str) -> float:
    """Return the seconds an access token says it lives; it is not checked, the server does that."""
    try:
        payload = jwt.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return max(0.0, float(said["exp"]) - time.time())
    except (IndexError, KeyError, TypeError, ValueError):
        return tokens.USUAL_LIFE
