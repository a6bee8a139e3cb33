"""App Store Connect: all reviews of an app of one's own, and the developer's response to each.

https://developer.apple.com/documentation/appstoreconnectapi/customer-reviews . Tokens are signed here (ES256) and live
15 minutes; Apple takes at most 20. A response is public only after Apple has published it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import jwt
import requests
from babel.core import get_global

from listener import paging, walk
from listener.answers import Answer, own_post
from listener.api import Api
from listener.channels.appstore.posts import answer_of, post_of_review
from listener.channels.base import Cursor, Listen, Page
from listener.errors import ChannelError, HttpError
from listener.http import raise_for
from listener.tokens import Granted

AUDIENCE = "appstoreconnect-v1"
LIFE = timedelta(minutes=15)
PAGE = "200"  # the most the API gives
LATE = int(timedelta(days=2).total_seconds())  # as in the feed: reviews appear hours after they were written
NO_HINT_WAIT = timedelta(minutes=10)  # the limit counts a rolling hour and names no reset


def signed(issuer_id: str, key_id: str, private_key: str) -> Granted:
    """Return a token for the API. Raises ChannelError when the key cannot sign."""
    now = datetime.now(UTC)
    claims = {
        "iss": issuer_id, "iat": int(now.timestamp()), "exp": int((now + LIFE).timestamp()), "aud": AUDIENCE,
    }  # fmt: skip
    try:
        token = jwt.encode(claims, private_key, algorithm="ES256", headers={"kid": key_id})
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        message = "private_key does not sign ES256: it must be the content of the AuthKey_….p8 file"
        raise ChannelError(message, permanent=True, attention=True) from error
    return Granted(token, LIFE.total_seconds())


def judge(answer: requests.Response) -> None:
    """Raise for Apple's errors: an hour's limit without a reset, a role that may not, a body it does not take."""
    try:
        raise_for(answer)
    except HttpError as error:
        if error.status == HTTPStatus.TOO_MANY_REQUESTS and error.retry_after is None:
            error.retry_after = NO_HINT_WAIT
        if error.status == HTTPStatus.FORBIDDEN:
            error.attention = True
            error.hint = (
                "Give the key a role that answers reviews; check the agreements in App Store Connect."
            )
        if error.status == HTTPStatus.CONFLICT:
            raise ChannelError(str(error), permanent=True, hint="Apple does not take it as it is.") from error
        raise


def listen(
    api: Api, app_id: str, countries: Sequence[str], what: Listen, cursor: Cursor | None
) -> Iterator[Page]:
    """Walk the reviews, newest first, with their responses."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    first = {"sort": "-createdDate", "limit": PAGE, "include": "response"}
    if countries:
        first["filter[territory]"] = ",".join(territory(country) for country in countries)

    def read(place: str | None) -> paging.Leaf:
        try:
            found = api.read(
                f"/v1/apps/{quote(app_id)}/customerReviews", dict(parse_qsl(place)) if place else first
            )
        except HttpError as error:
            if place and error.status == HTTPStatus.BAD_REQUEST:
                raise paging.PlaceLostError from error
            raise
        following = (found.get("links") or {}).get("next")
        # only what follows the question mark: behind a proxy or a simulator the host of the link is not ours
        return paging.Leaf(
            _items(found, app_id), urlsplit(str(following)).query or None if following else None
        )

    def start(state: walk.State | None) -> Iterator[walk.Step]:
        ceiling = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        return paging.onwards(state, read, since=what.since, window=LATE, ceiling=ceiling)

    yield from walk.together({"reviews": start}, states, max_pages=what.max_pages)


def review(api: Api, review_id: str) -> tuple[Mapping[str, Any], Answer | None]:
    """Return a review and the answer it carries. Raises HttpError: 404 when the review is gone."""
    found = api.read(f"/v1/customerReviews/{quote(review_id, safe='')}", {"include": "response"})
    data = found.get("data")
    if not isinstance(data, Mapping):
        raise ChannelError("App Store Connect answered without the review", hint="Check base_url.")
    return data, _answers(found).get(str(data.get("id")))


def respond(api: Api, review_id: str, text: str) -> Answer:
    """Create or replace the response. Raises ChannelError."""
    body = {
        "data": {
            "type": "customerReviewResponses",
            "attributes": {"responseBody": text},
            "relationships": {"review": {"data": {"type": "customerReviews", "id": review_id}}},
        }
    }
    made = api.write("POST", "/v1/customerReviewResponses", body).get("data") or {}
    known = answer_of(made)
    return known or Answer(str(made.get("id") or ""), text, pending=True)


def app_name(api: Api, app_id: str) -> str:
    """Return the name of the app the key may see. Raises ChannelError."""
    found = api.read(f"/v1/apps/{quote(app_id)}", {"fields[apps]": "name,bundleId"})
    said = (found.get("data") or {}).get("attributes") or {}
    return str(said.get("name") or said.get("bundleId") or app_id)


def territory(country: str) -> str:
    """Return the three letters Apple wants for the two (or three) that people write. Raises ChannelError."""
    wanted = country.upper()
    known: Mapping[str, Sequence[str]] = get_global("territory_aliases")
    if wanted in known and len(wanted) == len("USA"):
        return wanted
    found = [
        long
        for long, short in known.items()
        if list(short) == [wanted] and len(long) == len("USA") and long.isalpha()
    ]
    if not found:
        message = f"countries: {country!r} is no country code; write for example us, fr, il"
        raise ChannelError(message, permanent=True)
    return found[0]


def _items(found: Mapping[str, Any], app_id: str) -> list[walk.Item]:
    answers = _answers(found)
    items = []
    for one in found.get("data") or []:
        answer = answers.get(str(one.get("id")))
        post = post_of_review(one, answer, app_id=app_id)
        key = int(post.posted_at.timestamp())
        items.append(walk.Item(key, post.posted_at, post))
        if answer is not None:
            items.append(walk.Item(key, post.posted_at, own_post(post, answer)))
    return items


def _answers(found: Mapping[str, Any]) -> dict[str, Answer]:
    """Return the answers of a document by review: the review names its response, or the response its review."""
    included = {
        str(one.get("id")): one
        for one in found.get("included") or []
        if one.get("type") == "customerReviewResponses"
    }
    data = found.get("data") or []
    reviews = [data] if isinstance(data, Mapping) else data
    pairs = [(str(one.get("id")), _related(one, "response")) for one in reviews]
    pairs += [(_related(response, "review"), number) for number, response in included.items()]
    made = {name: answer_of(included.get(number)) for name, number in pairs if name and number}
    return {name: answer for name, answer in made.items() if answer is not None}


def _related(resource: Mapping[str, Any], name: str) -> str:
    linked = ((resource.get("relationships") or {}).get(name) or {}).get("data") or {}
    return str(linked.get("id") or "")
