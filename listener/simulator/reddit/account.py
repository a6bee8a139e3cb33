"""/reddit/api/v1/…: the token endpoint and who am I."""

from __future__ import annotations

from typing import Any

from flask import request

from listener.simulator.api import asking
from listener.simulator.reddit.asked import APP, me, routes
from listener.simulator.reddit.shapes import seconds

LIFE = 86_400


@routes.post("/api/v1/access_token")
def access_token() -> dict[str, Any]:
    """Log in: the client's secret, the password and the refresh token are all the simulator's token."""
    secret = request.authorization.password if request.authorization else None
    tokens = asking.world().tokens
    if secret not in tokens:
        raise asking.Refused(401, "Unauthorized")
    kind, form = request.form.get("grant_type", ""), request.form
    given = {
        "password": form.get("password"),
        "refresh_token": form.get("refresh_token"),
        "client_credentials": secret,
    }
    if given.get(kind) not in tokens:
        return {"error": "invalid_grant" if kind in given else "unsupported_grant_type"}
    token = f"{APP}{secret}" if kind == "client_credentials" else str(given[kind])
    return {"access_token": token, "token_type": "bearer", "expires_in": LIFE, "scope": "*"}


@routes.get("/api/v1/me")
def whoami() -> dict[str, Any]:
    """The account of the token."""
    who = me()
    return {
        "id": who.id, "name": who.username, "created_utc": seconds(who.created_at), "comment_karma": who.followers,
        "is_suspended": False, "inbox_count": 0,
    }  # fmt: skip
