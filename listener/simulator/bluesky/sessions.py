"""com.atproto.server.*, com.atproto.identity.resolveHandle: log in with an app password, renew, who am I."""

from __future__ import annotations

from typing import Any

from flask import request

from listener.simulator.api import asking
from listener.simulator.bluesky import names
from listener.simulator.bluesky.asked import ACCESS, REFRESH, failed, me, routes, token
from listener.simulator.model import Account


@routes.post("/com.atproto.server.createSession")
def create_session() -> dict[str, Any]:
    """Log in; the app password is the simulator's token."""
    told = request.get_json(silent=True)
    told = told if isinstance(told, dict) else {}
    world = asking.world()
    who = names.account(world, str(told.get("identifier") or ""))
    if who is None or world.tokens.get(str(told.get("password") or "")) is not who:
        raise failed("AuthenticationRequired", "Invalid identifier or password", 401)
    return _session(who)


@routes.post("/com.atproto.server.refreshSession")
def refresh_session() -> dict[str, Any]:
    """Renew."""
    return _session(me(REFRESH))


@routes.get("/com.atproto.server.getSession")
def get_session() -> dict[str, Any]:
    """Who is logged in."""
    return _who(me())


@routes.get("/com.atproto.identity.resolveHandle")
def resolve_handle() -> dict[str, Any]:
    """Whose handle it is."""
    who = names.account(asking.world(), request.args.get("handle", ""))
    if who is None:
        raise failed("InvalidRequest", "Unable to resolve handle")
    return {"did": names.did_of(who)}


def _session(who: Account) -> dict[str, Any]:
    return _who(who) | {"accessJwt": token(who, ACCESS), "refreshJwt": token(who, REFRESH)}


def _who(who: Account) -> dict[str, Any]:
    return {"did": names.did_of(who), "handle": names.handle_of(who), "active": True}
