"""/x/2/…: who am I, recent search, the timelines of an account, look-ups, and posting where X lets an app post."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request

from listener.simulator import slices
from listener.simulator.api import asking
from listener.simulator.model import Account, Post
from listener.simulator.searching import QueryError
from listener.simulator.world import view
from listener.simulator.x import ids, search, shapes

routes = Blueprint("x", __name__, url_prefix="/x/2")
X = "x"
WEEK = timedelta(days=7)
_OAUTH_TOKEN = re.compile(r'oauth_token="([^"]+)"')
_TOKEN = "b26v89c19zqg8o3f"  # noqa: S105 - how X's page tokens begin
_DUPLICATE = timedelta(hours=24)


@routes.get("/users/me")
def me() -> dict[str, Any]:
    """The account of the token; an app alone has none."""
    return {"data": shapes.user(_user())}


@routes.get("/users/by/username/<name>")
def by_name(name: str) -> dict[str, Any]:
    """An account by its handle."""
    _app()
    found = asking.world().account_named(name)
    if found is None or X in found.left:
        return {"errors": [_missing(name, "username", "user")]}
    return {"data": shapes.user(found)}


@routes.get("/tweets/search/recent")
def recent() -> Response:
    """Posts of the last seven days that a query means, newest first."""
    _app()
    try:
        wanted = search.found(request.args.get("query", ""))
    except QueryError as error:
        raise _invalid(str(error), "query") from error
    return _timeline([post for post in _visible() if wanted(post)], week=True)


@routes.get("/tweets/counts/recent")
def counts() -> Response:
    """How many posts of the last seven days a query means, by day; for the app's bearer token alone."""
    if request.headers.get("Authorization", "").startswith("OAuth "):
        raise asking.Refused(
            403, "Authenticating with OAuth 1.0a User Context is forbidden for this endpoint."
        )
    _app()
    try:
        wanted = search.found(request.args.get("query", ""))
    except QueryError as error:
        raise _invalid(str(error), "query") from error
    start = _moment("start_time") or asking.world().clock() - WEEK
    days = Counter(post.heard_at.date() for post in _visible() if post.heard_at >= start and wanted(post))
    rows = [{"start": f"{day}T00:00:00.000Z", "tweet_count": count} for day, count in sorted(days.items())]
    return jsonify(data=rows, meta={"total_tweet_count": days.total()})


@routes.get("/users/<user_id>/mentions")
def mentions(user_id: str) -> Response:
    """Posts that @mention an account."""
    _app()
    who = _account(user_id)
    return _timeline([post for post in _visible() if who in post.mentions and post.account is not who])


@routes.get("/users/<user_id>/tweets")
def tweets(user_id: str) -> Response:
    """What an account posted."""
    _app()
    who = _account(user_id)
    return _timeline([post for post in _visible() if post.account is who])


@routes.get("/tweets")
def several() -> dict[str, Any]:
    """Posts by id; those that are gone are told as errors."""
    _app()
    names = [name for name in request.args.get("ids", "").split(",") if name]
    found = {name: _post(name) for name in names}
    body = shapes.answer([post for post in found.values() if post is not None], asking.world())
    gone = [_missing(name, "ids", "tweet") for name, post in found.items() if post is None]
    return body | ({"errors": gone} if gone else {})


@routes.get("/tweets/<name>")
def single(name: str) -> dict[str, Any]:
    """One post."""
    _app()
    post = _post(name)
    if post is None:
        return {"errors": [_missing(name, "id", "tweet")]}
    body = shapes.answer([post], asking.world())
    return body | {"data": body["data"][0]}


@routes.post("/tweets")
def create() -> Response:
    """Post, or answer a post that mentions us."""
    who, world = _user(), asking.world()
    told = request.get_json(silent=True)
    told = told if isinstance(told, dict) else {}
    text = str(told.get("text") or "")
    if not text.strip():
        raise _invalid("text is missing", "text")
    if shapes.weight(text) > shapes.LONGEST:
        raise _invalid("Your Tweet text is too long.", "text")
    parent = _answered(told.get("reply"), who)
    shown = text if parent is None or text.startswith("@") else f"@{parent.account.username} {text}"
    with world.lock:
        if any(
            post.account is who and post.text == shown and world.clock() - post.heard_at < _DUPLICATE
            for post in world.on(X)
        ):
            raise asking.Refused(403, "You are not allowed to create a Tweet with duplicate content.")
        made = world.publish(who, shown, parent=parent, platform=X, by_token=True)
    asking.published()
    name = str(ids.number(made.number))
    return make_response(jsonify(data={"id": name, "text": text, "edit_history_tweet_ids": [name]}), 201)


def _answered(reply: Any, who: Account) -> Post | None:
    if not isinstance(reply, dict) or not reply.get("in_reply_to_tweet_id"):
        return None
    parent = _post(str(reply["in_reply_to_tweet_id"]))
    if parent is None:
        raise asking.Refused(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
    if who not in parent.mentions and parent.account is not who:
        raise asking.Refused(
            403, "You can only reply to or quote posts where you are mentioned or are the author."
        )
    return parent


def _timeline(posts: Sequence[Post], *, week: bool = False) -> Response:
    """Answer the asked page of posts (given oldest first)."""
    args, world = request.args, asking.world()
    size = asking.number("max_results") or 10
    if not (10 if week else 5) <= size <= 100:  # noqa: PLR2004 - X's own bounds
        raise _invalid(
            f"The `max_results` query parameter value [{size}] is not between 10 and 100", "max_results"
        )
    since, until = asking.number("since_id"), asking.number("until_id")
    oldest = world.clock() - WEEK
    if week and since is not None and since < ids.at(oldest):
        raise _invalid("'since_id' must be a tweet id created after the last 7 days", "since_id")
    start = _moment("start_time") or (oldest if week else None)
    if week and start is not None and start < oldest - timedelta(minutes=1):
        raise _invalid("'start_time' must be on or after the last 7 days", "start_time")
    kept = [
        post
        for post in posts
        if (since is None or ids.number(post.number) > since)
        and (until is None or ids.number(post.number) < until)
        and (start is None or post.heard_at >= start)
    ]
    token = args.get("next_token") or args.get("pagination_token")
    page, following = slices.cut(kept, _place(token), size)
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": str(ids.number(page[0].number)), "oldest_id": str(ids.number(page[-1].number))}
    if following is not None:
        meta["next_token"] = f"{_TOKEN}{following:x}"
    return jsonify(shapes.answer(page, world) | {"meta": meta})


def _place(token: str | None) -> int | None:
    if not token:
        return None
    try:
        return int(token.removeprefix(_TOKEN), 16)
    except ValueError as error:
        raise _invalid("The pagination token is not valid", "pagination_token") from error


def _visible() -> list[Post]:
    world = asking.world()
    with world.lock:
        return [post for post in world.on(X) if view.may_see(world, post, None)]


def _post(name: str) -> Post | None:
    post = asking.world().post(str(ids.world_id(int(name)))) if name.isascii() and name.isdigit() else None
    return post if post is not None and post.platform == X else None


def _account(user_id: str) -> Account:
    found = asking.world().accounts.get(user_id)
    if found is None:
        raise asking.Refused(404, f"Could not find user with id: [{user_id}].")
    return found


def _moment(name: str) -> datetime | None:
    written = request.args.get(name)
    try:
        return datetime.fromisoformat(written) if written else None
    except ValueError as error:
        raise _invalid(f"{name} is no RFC 3339 time", name) from error


def _app() -> None:
    """Raises Refused (401) for a token nobody has. A bearer token is the app's, OAuth 1.0a the account's."""
    if _token() not in asking.world().tokens:
        raise asking.Refused(401, "Unauthorized")


def _user() -> Account:
    if not request.headers.get("Authorization", "").startswith("OAuth "):
        detail = "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."
        raise asking.Refused(403, detail)
    found = asking.world().tokens.get(_token())
    if found is None:
        raise asking.Refused(401, "Unauthorized")
    return found


def _token() -> str:
    signed = _OAUTH_TOKEN.search(request.headers.get("Authorization", ""))
    return signed[1] if signed else asking.token()


def _invalid(said: str, parameter: str) -> asking.Refused:
    body = {
        "errors": [{"message": said, "parameters": {parameter: [request.args.get(parameter, "")]}}],
        "title": "Invalid Request", "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    }  # fmt: skip
    return asking.Refused(400, said, body)


def _missing(name: str, parameter: str, kind: str) -> dict[str, str]:
    return {
        "resource_id": name, "value": name, "parameter": parameter, "resource_type": kind,
        "title": "Not Found Error", "detail": f"Could not find {kind} with {parameter}: [{name}].",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }  # fmt: skip
