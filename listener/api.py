"""A platform's JSON API on our guarded client: one address, one bearer, JSON objects in and out.

For channels that need no library of their own. Reads may be tried again by `listener.http`, writes never are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import requests

from listener.errors import ChannelError, HttpError
from listener.http import Http, raise_for

Params = Mapping[str, str]


class Api:
    """One API; cheap to make, no I/O until asked."""

    def __init__(
        self,
        http: Http,
        base_url: str,
        *,
        title: str,
        bearer: Callable[[], str] | None = None,
        refused: Callable[[], None] = lambda: None,
        headers: Mapping[str, str] | None = None,
        judge: Callable[[requests.Response], None] = raise_for,
    ) -> None:
        """Take where to ask. `bearer` gives the token, `refused` hears that it was not taken, `judge`: see `Http`."""
        self.http = http
        self.base_url = base_url.rstrip("/")
        self.title = title
        self._bearer = bearer
        self._refused = refused
        self._judge = judge
        self._always = dict(headers or {})

    def read(
        self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """GET a path below the base and return its JSON object. Raises ChannelError."""
        answer = self.http.get(
            self.base_url + path,
            params=dict(params or {}),
            headers=self._headers(headers),
            judge=self._judged,
        )
        return self._document(answer)

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a JSON body once and return the JSON object of the answer, empty when there is no body.

        Raises HttpError; its `delivered` and `status` say whether something may have been published.
        """
        answer = self.http.request(
            method,
            self.base_url + path,
            params=dict(params or {}),
            json=dict(body),
            headers=self._headers(headers),
            judge=self._judged,
        )
        return self._document(answer) if answer.content else {}

    def _headers(self, more: Mapping[str, str] | None) -> dict[str, str]:
        made = {"Accept": "application/json", **self._always, **(more or {})}
        if self._bearer is not None:
            made["Authorization"] = f"Bearer {self._bearer()}"
        return made

    def _judged(self, answer: requests.Response) -> None:
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._refused()
        self._judge(answer)

    def _document(self, answer: requests.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError as error:
            # an HttpError without a status: after a write nobody knows what was done
            raise HttpError(
                f"{self.title} answered something that is not JSON",
                hint="Check base_url; else try again later.",
            ) from error
        if not isinstance(found, dict):
            raise ChannelError(f"{self.title} answered JSON of an unknown shape", hint="Check base_url.")
        return found
