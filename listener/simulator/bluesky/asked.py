"""Who asks Bluesky: tokens as its servers make them (a JWT for two hours, one to renew it), and the pages' cursors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import jwt
from flask import Blueprint, request

from listener.simulator import slices
from listener.simulator.api import asking
from listener.simulator.bluesky.names import BLUESKY, account, did_of
from listener.simulator.model import Account, Post
from listener.simulator.world import view

routes = Blueprint("bluesky", __name__, url_prefix="/bluesky/xrpc")
ACCESS, REFRESH = "com.atproto.access", "com.atproto.refresh"
LIVES = {ACCESS: timedelta(hours=2), REFRESH: timedelta(days=60)}
_ALGORITHM = "HS256"


def failed(name: str, said: str, code: int = 400) -> asking.Refused:
    """Return the error of a lexicon."""
    return asking.Refused(code, said, {"error": name, "message": said})


def token(who: Account, scope: str) -> str:
    """Return a new token."""
    ends = asking.world().clock() + LIVES[scope]
    claims = {"sub": did_of(who), "scope": scope, "exp": int(ends.timestamp())}
    return jwt.encode(claims, _key(), algorithm=_ALGORITHM)


def me(scope: str = ACCESS) -> Account:
    """Return who is logged in. Raises Refused: 401 without a token, 400 for one that has ended or is another."""
    given = asking.token()
    if not given:
        raise failed("AuthMissing", "Authentication Required", 401)
    try:
        said = jwt.decode(given, _key(), algorithms=[_ALGORITHM], options={"verify_exp": False})
    except jwt.PyJWTError as error:
        raise failed("InvalidToken", "Token could not be verified") from error
    if said["exp"] < asking.world().clock().timestamp():
        raise failed("ExpiredToken", "Token has expired")
    who = account(asking.world(), said["sub"])
    if said["scope"] != scope or who is None:
        raise failed("InvalidToken", "Bad token scope")
    return who


def visible(reader: Account) -> list[Post]:
    """Return the posts that the app view shows, oldest first."""
    world = asking.world()
    with world.lock:
        return [post for post in world.on(BLUESKY) if view.may_see(world, post, reader)]


def page(posts: Sequence[Post]) -> tuple[list[Post], dict[str, str]]:
    """Return the asked page of posts (given oldest first), newest first, and its cursor as it stands in an answer."""
    given = request.args.get("cursor")
    below = asking.number("cursor")
    if given and below is None:
        raise failed("InvalidRequest", "Malformed cursor")
    size = min(max(asking.number("limit") or 50, 1), 100)
    shown, following = slices.cut(posts, below, size)
    return shown, {"cursor": str(following)} if following is not None else {}


def _key() -> str:
    known = next(iter(asking.world().tokens))
    return hashlib.sha256(known.encode()).hexdigest()
