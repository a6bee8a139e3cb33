"""GET /api/v2/search. Statuses are found only for somebody who is logged in, as on real instances.

Mastodon turns `min_id` and `max_id` of a search into dates with whole seconds; so does this
(app/services/statuses_search_service.rb).
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from listener.simulator import text as writing
from listener.simulator.api import asking, shapes
from listener.simulator.model import Post
from listener.simulator.world import view
from listener.simulator.world.state import MASTODON

routes = Blueprint("search", __name__, url_prefix="/api/v2")


@routes.get("/search")
def search() -> Response:
    """Accounts, statuses and hashtags; `type` narrows it to one of them."""
    world, who = asking.world(), asking.me()
    query, kind = request.args.get("q", "").strip(), request.args.get("type", "")
    if not query:
        raise asking.Refused(400, "Missing required parameter: q")
    size, skip = asking.limit(), asking.number("offset") or 0
    posts = view.search(world, query, who) if kind in {"", "statuses"} else []
    upper, lower = asking.number("max_id"), asking.number("min_id")
    posts = [post for post in posts if _between(post, lower, upper)][::-1]
    word = query.lstrip("@#").casefold()
    people = (
        [one for one in world.accounts.values() if word in one.acct.casefold()]
        if kind in {"", "accounts"}
        else []
    )
    tags = sorted({tag for post in world.on(MASTODON) for tag in writing.tags(post.text) if word in tag})
    return jsonify(
        accounts=[shapes.account(one, asking.base()) for one in people[skip : skip + size]],
        statuses=shapes.statuses(posts[skip : skip + size]),
        hashtags=[{"name": tag, "url": f"{asking.base()}/tags/{tag}", "history": []} for tag in tags[:size]]
        if kind in {"", "hashtags"}
        else [],
    )


def _between(post: Post, lower: int | None, upper: int | None) -> bool:
    after = lower is None or post.heard_at > _second(lower)
    return after and (upper is None or post.heard_at < _second(upper))


def _second(snowflake: int) -> datetime:
    return datetime.fromtimestamp((snowflake >> 16) // 1000, UTC)
