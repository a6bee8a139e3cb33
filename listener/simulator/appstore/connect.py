"""/appstore/v1/…: App Store Connect's customer reviews, and one response to each, public a minute after it was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
from flask import Response, jsonify, make_response, request

from listener.simulator import keys, slices
from listener.simulator.api import asking
from listener.simulator.appstore.app import APP, STORE, TERRITORIES, country_of, routes
from listener.simulator.model import Account, Post
from listener.simulator.reviews import answers, changed, review, reviews, stars, uuid_of

LONGEST = 5970
MODERATED = timedelta(minutes=1)
AUDIENCE = "appstoreconnect-v1"
_HOST = "https://api.appstoreconnect.apple.com"
_MOST = 200


@routes.get("/v1/apps/<app>")
def application(app: str) -> dict[str, Any]:
    """The app."""
    _signed(app)
    attributes = {"name": asking.world().brand_name, "bundleId": "com.example.brand"}
    return {"data": {"type": "apps", "id": APP, "attributes": attributes}}


@routes.get("/v1/apps/<app>/customerReviews")
def listed(app: str) -> dict[str, Any]:
    """Reviews, newest first."""
    _signed(app)
    size = min(max(asking.number("limit") or 50, 1), _MOST)
    start = asking.number("cursor") or 0
    wanted = {name for name in request.args.get("filter[territory]", "").split(",") if name}
    rows = [post for post in reviews(STORE) if not wanted or _territory(post) in wanted]
    page, following = slices.numbered(rows, start, size)
    said = answers(page)
    links = {"self": _HOST + request.full_path}
    if following is not None:
        kept = {name: value for name, value in request.args.items() if name != "cursor"}
        links["next"] = f"{_HOST}{request.path}?{urlencode({**kept, 'cursor': following})}"
    body = {"data": [_review(post, said.get(post.id)) for post in page], "links": links}
    return body | {"included": [_response(one) for one in said.values()]}


@routes.get("/v1/customerReviews/<name>")
def single(name: str) -> dict[str, Any]:
    """One review, with its response."""
    _signed()
    post = _found(name)
    said = answers([post]).get(post.id)
    return {"data": _review(post, said), "included": [_response(said)] if said else []}


@routes.post("/v1/customerReviewResponses")
def respond() -> Response:
    """Answer a review, or replace the answer."""
    who, told = _signed(), request.get_json(silent=True)
    try:
        data = told["data"]  # type: ignore[index]
        text, name = (
            str(data["attributes"]["responseBody"]),
            str(data["relationships"]["review"]["data"]["id"]),
        )
    except (TypeError, KeyError) as error:
        raise asking.Refused(400, "The request body is not a customerReviewResponses resource") from error
    post = _found(name)
    if not text.strip() or len(text) > LONGEST:
        raise asking.Refused(409, f"The attribute 'responseBody' must have 1 to {LONGEST} characters")
    made = asking.world().answer_once(who, post, text)
    asking.published()
    return make_response(jsonify(data=_response(made)), 201)


def _review(post: Post, said: Post | None) -> dict[str, Any]:
    linked = {"type": "customerReviewResponses", "id": uuid_of(said)} if said is not None else None
    return {
        "type": "customerReviews", "id": uuid_of(post),
        "attributes": {
            "rating": stars(post), "title": post.title, "body": post.text,
            "reviewerNickname": None if STORE in post.account.left else post.account.name,
            "createdDate": changed(post).isoformat(timespec="seconds"), "territory": _territory(post),
        },
        "relationships": {"response": {"data": linked}},
    }  # fmt: skip


def _response(said: Post) -> dict[str, Any]:
    fresh = asking.world().clock() - changed(said) < MODERATED
    return {
        "type": "customerReviewResponses", "id": uuid_of(said),
        "attributes": {
            "responseBody": said.text, "lastModifiedDate": changed(said).isoformat(timespec="seconds"),
            "state": "PENDING_PUBLISH" if fresh else "PUBLISHED",
        },
    }  # fmt: skip


def _territory(post: Post) -> str:
    return TERRITORIES.get(country_of(post), "USA")


def _found(name: str) -> Post:
    post = review(STORE, name)
    if post is None:
        raise asking.Refused(404, "There is no resource of type 'customerReviews' with this id")
    return post


def _signed(app: str = APP) -> Account:
    """Return the brand. Raises Refused (401, 404)."""
    try:
        said = jwt.decode(asking.token(), keys.apple().public_key(), algorithms=["ES256"], audience=AUDIENCE)
    except jwt.PyJWTError as error:
        raise asking.Refused(401, "Provide a properly configured and signed bearer token") from error
    brand = asking.world().brand
    if said.get("iss") != keys.ISSUER or brand is None:
        raise asking.Refused(401, "Provide a properly configured and signed bearer token")
    if app != APP:
        raise asking.Refused(404, f"There is no resource of type 'apps' with id '{app}'")
    return brand
