"""GET /api/v1/accounts/…: who am I, who is that, what did they post."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from listener.simulator.api import asking, shapes
from listener.simulator.api.timelines import answer_posts
from listener.simulator.world import view

routes = Blueprint("accounts", __name__, url_prefix="/api/v1/accounts")


@routes.get("/verify_credentials")
def verify_credentials() -> dict[str, Any]:
    """The account of the token, with its defaults for posting."""
    who = asking.me()
    source = {
        "privacy": "public",
        "sensitive": False,
        "language": who.language,
        "note": who.note,
        "fields": [],
    }
    return {**shapes.account(who, asking.base()), "source": source}


@routes.get("/lookup")
def lookup() -> dict[str, Any]:
    """The account with a handle, `name` or `name@host`."""
    name, _, host = request.args.get("acct", "").lstrip("@").partition("@")
    found = asking.world().account_named(name, host)
    if found is None:
        raise asking.Refused(404, "Record not found")
    return shapes.account(found, asking.base())


@routes.get("/<account_id>")
def single(account_id: str) -> dict[str, Any]:
    """One account."""
    found = asking.world().accounts.get(account_id)
    if found is None:
        raise asking.Refused(404, "Record not found")
    return shapes.account(found, asking.base())


@routes.get("/<account_id>/statuses")
def statuses(account_id: str) -> Response:
    """What an account posted; `exclude_replies` and `exclude_reblogs` as in the API."""
    found = asking.world().accounts.get(account_id)
    if found is None:
        raise asking.Refused(404, "Record not found")
    posts = view.statuses_of(asking.world(), found, asking.reader())
    no_replies, no_boosts = asking.flag("exclude_replies"), asking.flag("exclude_reblogs")
    return answer_posts(
        [post for post in posts if not (no_replies and post.parent) and not (no_boosts and post.boost_of)]
    )
