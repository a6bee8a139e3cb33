"""GET /api/v1/notifications: mentions of the account that is logged in. Other types never happen here."""

from __future__ import annotations

from flask import Blueprint, Response, request

from listener.simulator.api import asking, paging, shapes
from listener.simulator.world import view

routes = Blueprint("notifications", __name__, url_prefix="/api/v1/notifications")


@routes.get("")
def listed() -> Response:
    """Newest first; `types[]` and `exclude_types[]` as in the API."""
    world, who = asking.world(), asking.me()
    types, left_out = request.args.getlist("types[]"), request.args.getlist("exclude_types[]")
    wanted = (not types or "mention" in types) and "mention" not in left_out
    found = view.notifications_of(world, who) if wanted else []
    shown = paging.page(found, lambda one: int(one.id), most=80)
    return paging.answer(
        [shapes.notification(one, asking.base(), world) for one in shown],
        [int(one.id) for one in shown],
        most=80,
    )


@routes.get("/<notification_id>")
def single(notification_id: str) -> Response | dict[str, object]:
    """One notification."""
    world = asking.world()
    for one in view.notifications_of(world, asking.me()):
        if one.id == notification_id:
            return shapes.notification(one, asking.base(), world)
    raise asking.Refused(404, "Record not found")
