"""/play/androidpublisher/v3/…/reviews: what was written or changed in the last week, and one answer to each."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import jwt
from flask import request

from listener.simulator import keys, slices
from listener.simulator.api import asking
from listener.simulator.googleplay.app import EMAIL, PACKAGE, PLAY, VERSION, routes
from listener.simulator.model import Post
from listener.simulator.reviews import answers, changed, review, reviews, stars, uuid_of

LONGEST = 350
WEEK = timedelta(days=7)
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
LIFE = 3599
_APP = "/androidpublisher/v3/applications/<package>/reviews"
_HTML = re.compile(r"<[^>]*>")
_TOKEN = "play-"  # noqa: S105 - what an access token begins with


@routes.post("/token")
def token() -> dict[str, Any]:
    """Give an access token for an assertion that our service account has signed (RFC 7523)."""
    try:
        said = jwt.decode(
            request.form.get("assertion", ""), keys.google().public_key(), algorithms=["RS256"],
            options={"verify_aud": False},
        )  # fmt: skip
    except jwt.PyJWTError as error:
        raise asking.Refused(400, "", {"error": "invalid_grant", "error_description": str(error)}) from error
    if said.get("scope") != SCOPE or said.get("iss") != EMAIL:
        raise asking.Refused(400, "", {"error": "invalid_scope"})
    known = next(iter(asking.world().tokens))
    return {"access_token": _TOKEN + known, "expires_in": LIFE, "token_type": "Bearer"}


@routes.get(_APP)
def listed(package: str) -> dict[str, Any]:
    """Reviews, last changed first."""
    _allowed(package)
    size = min(max(asking.number("maxResults") or 10, 1), 100)
    start = asking.number("token")
    if start is None and request.args.get("token"):
        raise asking.Refused(400, "Invalid value for token")
    rows = [post for post in reviews(PLAY) if _readable(post)]
    page, following = slices.numbered(rows, start or 0, size)
    said = answers(page)
    body: dict[str, Any] = {"reviews": [_review(post, said.get(post.id)) for post in page]} if page else {}
    if following is not None:
        body["tokenPagination"] = {"nextPageToken": str(following)}
    return body


@routes.get(f"{_APP}/<name>")
def single(package: str, name: str) -> dict[str, Any]:
    """One review."""
    _allowed(package)
    post = _found(name)
    return _review(post, answers([post]).get(post.id))


@routes.post(f"{_APP}/<name>:reply")
def answer(package: str, name: str) -> dict[str, Any]:
    """Answer a review, or replace the answer."""
    who = _allowed(package)
    post, told = _found(name), request.get_json(silent=True)
    text = _HTML.sub("", str(told.get("replyText") or "")).strip() if isinstance(told, dict) else ""
    if not text or len(text) > LONGEST:
        raise asking.Refused(400, f"The reply text must have 1 to {LONGEST} characters")
    made = asking.world().answer_once(who, post, text)
    asking.published()
    return {"result": {"replyText": made.text, "lastEdited": stamp(changed(made))}}


def stamp(moment: datetime) -> dict[str, Any]:
    """Return a moment as Google writes it."""
    return {"seconds": str(int(moment.timestamp())), "nanos": moment.microsecond * 1000}


def _review(post: Post, said: Post | None) -> dict[str, Any]:
    words = {
        "text": f"{post.title}\t{post.text}", "lastModified": stamp(changed(post)), "starRating": stars(post),
        "reviewerLanguage": post.language or "en", "device": "sim_phone", "androidOsVersion": 36,
        "appVersionCode": 420, "appVersionName": VERSION, "thumbsUpCount": post.favourites, "thumbsDownCount": 0,
    }  # fmt: skip
    comments: list[dict[str, Any]] = [{"userComment": words}]
    if said is not None:
        comments.append({"developerComment": {"text": said.text, "lastModified": stamp(changed(said))}})
    found: dict[str, Any] = {"reviewId": uuid_of(post), "comments": comments}
    if PLAY not in post.account.left:
        found["authorName"] = post.account.name
    return found


def _readable(post: Post) -> bool:
    return asking.world().clock() - changed(post) < WEEK


def _found(name: str) -> Post:
    post = review(PLAY, name)
    if post is None or not _readable(post):
        raise asking.Refused(404, "Review not found")
    return post


def _allowed(package: str) -> Any:
    """Return the brand. Raises Refused (401, 404)."""
    given = asking.token()
    found = asking.world().tokens.get(given.removeprefix(_TOKEN)) if given.startswith(_TOKEN) else None
    if found is None:
        raise asking.Refused(401, "Request had invalid authentication credentials.")
    if package != PACKAGE:
        raise asking.Refused(404, f"Package not found: {package}.")
    return found
