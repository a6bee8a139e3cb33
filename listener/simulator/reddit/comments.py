"""/reddit/api/info, /comments/…, /api/comment: look things up, read a thread, answer."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from listener.simulator.api import asking
from listener.simulator.model import Post
from listener.simulator.reddit import asked, shapes
from listener.simulator.reddit.asked import routes

LONGEST = 10_000


@routes.get("/api/info/")
def info() -> dict[str, Any]:
    """Things by full name; what was deleted is shown as `[deleted]`."""
    asked.reader()
    found = [asked.thing(name) for name in request.args.get("id", "").split(",")]
    return shapes.listing([shapes.thing(post) for post in found if post is not None])


@routes.get("/comments/<name>")
def thread(name: str) -> Response:
    """A submission and the tree of its comments."""
    root = asked.thing(f"{asked.SUBMISSION}_{name}")
    if root is None:
        raise asking.Refused(404, "Not Found")
    below: dict[str, list[Post]] = {}
    for post in asked.visible(asked.reader()):
        if post.parent is not None:
            below.setdefault(post.parent.id, []).append(post)
    return jsonify([shapes.listing([shapes.thing(root)]), shapes.listing(_tree(root, below))])


@routes.post("/api/comment/")
def comment() -> dict[str, Any]:
    """Answer a thing; what is wrong with it is told in the body, with 200."""
    who, text = asked.me(), request.form.get("text", "")
    parent = asked.thing(request.form.get("thing_id", ""))
    if parent is None:
        return _refused("NO_THING_ID", "id not specified", "parent")
    if parent.deleted:
        code = "DELETED_LINK" if asked.kind_of(parent) == asked.SUBMISSION else "DELETED_COMMENT"
        return _refused(code, "that comment has been deleted", "parent")
    if not text.strip():
        return _refused("NO_TEXT", "we need something here", "text")
    if len(text) > LONGEST:
        return _refused("TOO_LONG", f"this is too long (max: {LONGEST})", "text")
    made = asking.world().publish(who, text, parent=parent, by_token=True, visibility=parent.visibility)
    asking.published()
    return {"json": {"errors": [], "data": {"things": [shapes.thing(made)]}}}


def _tree(post: Post, below: dict[str, list[Post]]) -> list[dict[str, Any]]:
    return [shapes.thing(one, _tree(one, below)) for one in below.get(post.id, [])]


def _refused(code: str, said: str, field: str) -> dict[str, Any]:
    return {"json": {"errors": [[code, said, field]]}}
