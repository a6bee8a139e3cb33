"""/api/v1/statuses: read, thread, post once, edit, delete."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from listener.simulator import text as writing
from listener.simulator.api import asking, shapes
from listener.simulator.world import view
from listener.simulator.world.state import MASTODON

routes = Blueprint("statuses", __name__, url_prefix="/api/v1/statuses")
VISIBILITIES = frozenset({"public", "unlisted", "private", "direct"})


@routes.get("/<post_id>")
def single(post_id: str) -> dict[str, Any]:
    """One status."""
    return shapes.status(asking.readable(post_id), asking.base(), asking.world())


@routes.get("")
def several() -> Response:
    """Statuses by `id[]`; those that cannot be read are left out."""
    world, who = asking.world(), asking.reader()
    found = [world.post(one) for one in request.args.getlist("id[]")]
    found = [post for post in found if post and post.platform == MASTODON]
    return jsonify(shapes.statuses([post for post in found if post and view.may_see(world, post, who)]))


@routes.get("/<post_id>/context")
def context(post_id: str) -> dict[str, Any]:
    """What stands above and below a status in its thread."""
    above, below = view.context(asking.world(), asking.readable(post_id), asking.reader())
    return {"ancestors": shapes.statuses(above), "descendants": shapes.statuses(below)}


@routes.get("/<post_id>/history")
def history(post_id: str) -> Response:
    """All versions of a status, oldest first."""
    post, base, world = asking.readable(post_id), asking.base(), asking.world()
    versions = [*post.versions, (post.edited_at or post.created_at, post.text)]
    return jsonify(
        [
            {"content": shapes.content(text, base, world), "spoiler_text": post.spoiler,
             "sensitive": bool(post.spoiler), "created_at": shapes.stamp(at),
             "account": shapes.account(post.account, base)}
            for at, text in versions
        ]
    )  # fmt: skip


@routes.get("/<post_id>/source")
def source(post_id: str) -> dict[str, Any]:
    """The words of a status as they were typed."""
    post = asking.readable(post_id)
    return {"id": post.id, "text": post.text, "spoiler_text": post.spoiler}


@routes.post("")
def create() -> dict[str, Any]:
    """Post a status. With an Idempotency-Key the second call answers the first status."""
    who, world = asking.me(), asking.world()
    text, spoiler = _words()
    parent_id = _given("in_reply_to_id")
    parent = None
    if parent_id:
        parent = world.post(parent_id)
        if parent is None or parent.platform != MASTODON or not view.may_see(world, parent, who):
            raise asking.Refused(404, "The post you are trying to reply to does not appear to exist.")
    visibility = _given("visibility") or "public"
    if visibility not in VISIBILITIES:
        raise asking.Refused(422, "Validation failed: Visibility is not included in the list")
    post, _new = world.publish_once(
        asking.token(), request.headers.get("Idempotency-Key", ""), who, text, parent=parent,
        visibility=visibility, spoiler=spoiler, language=_given("language") or None,
    )  # fmt: skip
    asking.published()
    return shapes.status(post, asking.base(), world)


@routes.put("/<post_id>")
def edit(post_id: str) -> dict[str, Any]:
    """Change the words of one's own status."""
    post = _own(post_id)
    text, spoiler = _words()
    post.spoiler = spoiler
    asking.world().edit(post, text)
    return shapes.status(post, asking.base(), asking.world())


@routes.delete("/<post_id>")
def delete(post_id: str) -> dict[str, Any]:
    """Delete one's own status; answers it a last time, with its words as typed."""
    post = _own(post_id)
    last = {**shapes.status(post, asking.base(), asking.world()), "text": post.text}
    asking.world().delete(post)
    return last


def _own(post_id: str) -> Any:
    who = asking.me()
    post = asking.world().post(post_id)
    if post is None or post.account is not who:
        raise asking.Refused(404, "Record not found")
    return post


def _given(name: str) -> str:
    body = request.get_json(silent=True) if request.is_json else None
    value = body.get(name) if isinstance(body, dict) else request.values.get(name)
    return "" if value is None else str(value)


def _words() -> tuple[str, str]:
    text, spoiler = _given("status"), _given("spoiler_text")
    if not text.strip():
        raise asking.Refused(422, "Validation failed: Text can't be blank")
    if writing.length(text) + writing.length(spoiler) > writing.LONGEST:
        raise asking.Refused(422, f"Validation failed: Text character limit of {writing.LONGEST} exceeded")
    return text, spoiler
