"""The publisher API: reviews with words of the last seven days, last changed first; one answer each, public at once.

200 GETs an hour and 2,000 answers a day per app. A review that was not touched for a week can no longer be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from listener import paging, walk
from listener.answers import Answer, own_post
from listener.api import Api
from listener.channels.base import Cursor, Listen, Page, Post
from listener.channels.googleplay.posts import answer_id, moment, post_of
from listener.errors import ChannelError, HttpError

SCOPE = "https://www.googleapis.com/auth/androidpublisher"
PAGE = "100"
LATE = int(timedelta(hours=12).total_seconds())
READABLE = timedelta(days=6)  # the API says a week; a day to be sure
QUOTA_WAIT = timedelta(minutes=30)  # the quota counts an hour


def listen(api: Api, package: str, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Walk the reviews of the last week down to where the last run ended."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})

    def read(place: str | None) -> paging.Leaf:
        asked = {"maxResults": PAGE} | ({"token": place} if place else {})
        try:
            found = api.read(_path(package), asked)
        except HttpError as error:
            if place and error.status == HTTPStatus.BAD_REQUEST:
                raise paging.PlaceLostError from error
            raise
        items = []
        for review in found.get("reviews") or []:
            post, answer = post_of(review, package)
            items += row(post, answer)
        following = (found.get("tokenPagination") or {}).get("nextPageToken")
        return paging.Leaf(items, str(following) if following else None)

    def start(state: walk.State | None) -> Iterator[walk.Step]:
        return paging.onwards(state, read, since=what.since, window=LATE, ceiling=ceiling())

    yield from walk.together({"reviews": start}, states, max_pages=what.max_pages)


def row(post: Post, answer: Answer | None) -> list[walk.Item]:
    """Return a review and its answer at the review's place."""
    key = int(post.posted_at.timestamp())
    made = [walk.Item(key, post.posted_at, post)]
    if answer is not None:
        made.append(walk.Item(key, post.posted_at, own_post(post, answer)))
    return made


def ceiling() -> int:
    """Nothing dated later than this may become a cursor."""
    return int((datetime.now(UTC) + timedelta(hours=1)).timestamp())


def review(api: Api, package: str, review_id: str) -> tuple[Post, Answer | None]:
    """Return one review. Raises HttpError: 404 when it is gone or older than a week."""
    return post_of(api.read(f"{_path(package)}/{quote(review_id, safe='')}"), package)


def answer(api: Api, package: str, review_id: str, text: str) -> Answer:
    """Create or replace the answer. Raises ChannelError."""
    made = api.write("POST", f"{_path(package)}/{quote(review_id, safe='')}:reply", {"replyText": text})
    result: Any = made.get("result")
    if not isinstance(result, dict) or "replyText" not in result:
        # an HttpError without a status: nobody knows whether it was taken
        raise HttpError("Google Play took the request and does not say what became of it")
    return Answer(answer_id(review_id), str(result["replyText"]), moment(result.get("lastEdited")))


def check(api: Api, package: str, email: str) -> str:
    """Ask for one review. Raises ChannelError."""
    try:
        api.read(_path(package), {"maxResults": "1"})
    except HttpError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            message = f"Google Play knows no app {package}, or {email} may not see it"
            hint = (
                "Check package_name; invite the service account in the Play Console with 'Reply to reviews'."
            )
            raise ChannelError(message, permanent=True, hint=hint) from error
        raise
    return f"Google Play as {email} for {package}"


def _path(package: str) -> str:
    return f"/androidpublisher/v3/applications/{quote(package, safe='')}/reviews"
