"""Trustpilot's API: the reviews of a business unit, with the secret (all of it, and answers) or the key alone (public).

Newest first by the day of writing; an edited review keeps its place. Fewer than 833 requests in five minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

import requests

from listener import paging, walk
from listener.answers import Answer, own_post
from listener.api import Api
from listener.channels.base import Cursor, Listen, Page, Post
from listener.channels.trustpilot.posts import answer_id, post_of
from listener.errors import HttpError
from listener.http import Http, raise_for
from listener.tokens import Granted, grant

TOKEN_PATH = "/v1/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105 - an address
PAGE = 100
# held back for a check, a review appears under the day of its writing
LATE = int(timedelta(days=2).total_seconds())
NO_HINT_WAIT = timedelta(minutes=5)  # the window of the limit


def judge(answer: requests.Response) -> None:
    """Raise for Trustpilot's errors: a limit without a reset, a plan without the API."""
    try:
        raise_for(answer)
    except HttpError as error:
        if error.status == HTTPStatus.TOO_MANY_REQUESTS and error.retry_after is None:
            error.retry_after = NO_HINT_WAIT
        if error.status == HTTPStatus.FORBIDDEN:
            error.attention = True
            error.hint = (
                "Check that the plan has the API module and that the key belongs to this business unit."
            )
        raise


def granted(http: Http, base_url: str, api_key: str, api_secret: str) -> Granted:
    """Return an access token for key and secret. Raises HttpError."""
    return grant(
        http,
        base_url + TOKEN_PATH,
        {"grant_type": "client_credentials"},
        title="Trustpilot",
        auth=(api_key, api_secret),
    )


class Reviews:
    """The reviews of one business unit. `public`: as everybody sees them, for there is no secret."""

    def __init__(self, api: Api, unit: str, *, public: bool = False) -> None:
        self.api = api
        self.unit = unit
        self._scope = "" if public else "/private"

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the reviews down to where the last run ended."""
        states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})

        def read(page: int) -> tuple[Sequence[walk.Item], bool]:
            asked = {"orderBy": "createdat.desc", "perPage": str(PAGE), "page": str(page)}
            path = f"/v1{self._scope}/business-units/{quote(self.unit, safe='')}/reviews"
            items: list[walk.Item] = []
            for review in self.api.read(path, asked).get("reviews") or []:
                items += _row(*post_of(review, self.unit))
            return items, True

        def start(state: walk.State | None) -> Iterator[walk.Step]:
            ceiling = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
            return paging.onwards(
                state, paging.numbered(read), since=what.since, window=LATE, ceiling=ceiling
            )

        yield from walk.together({"reviews": start}, states, max_pages=what.max_pages)

    def one(self, review_id: str) -> tuple[Post, Answer | None]:
        """Return a review and its answer. Raises HttpError: 404 when it is gone."""
        found = self.api.read(f"/v1{self._scope}/reviews/{quote(review_id, safe='')}")
        return post_of({"id": review_id, **found}, self.unit)

    def reply(self, review_id: str, text: str, author: str) -> Answer:
        """Create or replace the answer. Raises HttpError."""
        body = {"authorBusinessUserId": author, "message": text}
        self.api.write("POST", f"/v1/private/reviews/{quote(review_id, safe='')}/reply", body)
        return Answer(answer_id(review_id), text, datetime.now(UTC))

    def name(self, api_key: str) -> str:
        """Return the name of the business unit. Raises HttpError: 404 when there is none."""
        found = self.api.read(f"/v1/business-units/{quote(self.unit, safe='')}", None, {"apikey": api_key})
        return str(found.get("displayName") or (found.get("name") or {}).get("identifying") or self.unit)

    def probe(self) -> None:
        """Ask for one review, as `listen` would. Raises HttpError."""
        path = f"/v1{self._scope}/business-units/{quote(self.unit, safe='')}/reviews"
        self.api.read(path, {"perPage": "1"})


def _row(post: Post, answer: Answer | None) -> list[walk.Item]:
    key = int(post.posted_at.timestamp())
    made = [walk.Item(key, post.posted_at, post)]
    if answer is not None:
        made.append(walk.Item(key, post.posted_at, own_post(post, answer)))
    return made
