"""Who asks, for what: the world of the app, the log-in, numbers and ids in the query string, and the API's errors."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from listener.simulator.model import Account, Post
from listener.simulator.world import World
from listener.simulator.world.state import MASTODON
from listener.simulator.world.view import may_see


class Refused(HTTPException):
    """An error answer: what to say in the platform's usual way, or the whole `body` where that is not enough."""

    def __init__(self, code: int, error: str, body: Any = None) -> None:
        super().__init__(description=error)
        self.code = code
        self.body = body


def world() -> World:
    """Return the world the app shows."""
    found: World = current_app.extensions["world"]
    return found


def base() -> str:
    """Return the address under which we were asked, without a slash at the end."""
    return request.host_url.rstrip("/")


def token() -> str:
    """Return the bearer token, or an empty text."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else request.args.get("access_token", "")


def reader() -> Account | None:
    """Return who is logged in; None without a token. Raises Refused (401) for a token nobody has."""
    given = token()
    if not given:
        return None
    found = world().tokens.get(given)
    if found is None:
        raise Refused(401, "The access token is invalid")
    return found


def me() -> Account:
    """Return who is logged in. Raises Refused (401) when nobody is."""
    found = reader()
    if found is None:
        raise Refused(401, "This method requires an authenticated user")
    return found


def readable(post_id: str) -> Post:
    """Return a post the asker may see. Raises Refused (404), as Mastodon does for hidden ones too."""
    post = world().post(post_id)
    if post is None or post.platform != MASTODON or not may_see(world(), post, reader()):
        raise Refused(404, "Record not found")
    return post


def published() -> None:
    """Say that something was posted. Raises Refused (503) where a fault wants the answer to get lost."""
    if world().faults.take("accepted_then_503", request.full_path):
        raise Refused(503, "Service Unavailable")


def number(name: str) -> int | None:
    """Return a number of the query string; None when it is absent or not a number."""
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else None


def limit(default: int = 20, most: int = 40) -> int:
    """Return how many entries a page shall have."""
    return min(max(number("limit") or default, 1), most, world().page_most or most)


def flag(name: str) -> bool:
    """Return a yes/no of the query string, as Rails reads it."""
    return request.args.get(name, "").lower() in {"1", "true", "t", "on"}
