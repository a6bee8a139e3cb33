"""GET /api/v1/timelines/…: the public timeline and hashtags, open to everybody."""

from __future__ import annotations

from flask import Blueprint, Response

from listener.simulator.api import asking, paging, shapes
from listener.simulator.model import Post
from listener.simulator.world import view

routes = Blueprint("timelines", __name__, url_prefix="/api/v1/timelines")


@routes.get("/public")
def public() -> Response:
    """Everything public, boosts left out."""
    return answer_posts(view.timeline(asking.world(), asking.reader()))


@routes.get("/tag/<tag>")
def tagged(tag: str) -> Response:
    """Everything public with a hashtag."""
    return answer_posts(view.timeline(asking.world(), asking.reader(), tag=tag))


@routes.get("/home")
def home() -> Response:
    """What the account's people post; here: everything public."""
    return answer_posts(view.timeline(asking.world(), asking.me()))


def answer_posts(posts: list[Post]) -> Response:
    """Answer the asked page of posts (given oldest first)."""
    shown = paging.page(posts, lambda post: post.number)
    return paging.answer(shapes.statuses(shown), [post.number for post in shown])
