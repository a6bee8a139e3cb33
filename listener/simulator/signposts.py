"""/go?url=…: from the address a post has on the real platform to its page here; used by the demo's links.

Never leads anywhere else: an address that means no post of this world leads to the recent posts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from listener.simulator.api import asking
from listener.simulator.bluesky import names
from listener.simulator.model import Post
from listener.simulator.reddit import asked as reddit
from listener.simulator.reviews import review
from listener.simulator.x import ids

routes = Blueprint("signposts", __name__)


def _on_x(found: re.Match[str]) -> Post | None:
    return asking.world().post(str(ids.world_id(int(found[1]))))


def _on_reddit(found: re.Match[str]) -> Post | None:
    return reddit.thing(f"t1_{found[2]}") if found[2] else reddit.thing(f"t3_{found[1]}")


def _on_bluesky(found: re.Match[str]) -> Post | None:
    world = asking.world()
    who = names.account(world, found[1])
    return names.post_at(world, f"at://{names.did_of(who)}/{names.POST}/{found[2]}") if who else None


def _on_play(found: re.Match[str]) -> Post | None:
    return review("googleplay", unquote(found[1]))


_SIGNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Post | None]], ...] = (
    (re.compile(r"https://x\.com/[^/]+(?:/web)?/status/(\d+)"), _on_x),
    (re.compile(r"https://www\.reddit\.com/r/\w+/comments/(\w+)(?:/\w+/(\w+))?"), _on_reddit),
    (re.compile(r"https://bsky\.app/profile/([^/]+)/post/(\w+)"), _on_bluesky),
    (re.compile(r"https://play\.google\.com/store/apps/details\?.*reviewId=([\w%-]+)"), _on_play),
)


@routes.get("/go")
def go() -> Response:
    """Lead to the page of a post."""
    url = request.args.get("url", "")
    for pattern, find in _SIGNS:
        found = pattern.match(url)
        post = find(found) if found is not None else None
        if post is not None:
            return redirect(f"/@{post.account.acct}/{post.id}")
    return redirect("/")
