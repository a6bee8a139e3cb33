"""/_sim/…: what a person who runs a drill may do to the simulated platforms. Not part of any real API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from listener.simulator.api import asking
from listener.simulator.errors import SimulatorError
from listener.simulator.faults import KINDS
from listener.simulator.settings import Access

routes = Blueprint("control", __name__, url_prefix="/_sim")


@routes.get("/faults")
def listed() -> Response:
    """Which faults there are and which are on."""
    return jsonify(kinds=KINDS, on=[asdict(fault) for fault in asking.world().faults.listed()])


@routes.post("/faults")
def switch_on() -> Response:
    """Switch one on: JSON with `kind` and, where it makes sense, `times`, `seconds`, `status`, `path`, `after`."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
        raise asking.Refused(400, 'send a JSON object with kind, as {"kind": "server_error", "times": 2}')
    try:
        fault = asking.world().faults.set(
            body["kind"], times=_whole(body, "times", 1), seconds=_figure(body, "seconds"),
            status=_whole(body, "status", 500) or 500, path=str(body.get("path", "")),
            after=_whole(body, "after", 0) or 0,
        )  # fmt: skip
    except SimulatorError as error:
        raise asking.Refused(400, str(error)) from error
    return jsonify(asdict(fault))


@routes.delete("/faults")
def switch_off() -> Response:
    """Switch everything off, or only `?kind=`."""
    asking.world().faults.clear(request.args.get("kind"))
    return jsonify({})


@routes.get("/settings")
def settings() -> Response:
    """The options with which a source of each kind (or a variant, as x-app) listens here; secrets included."""
    access: Access = current_app.extensions["access"]
    return jsonify({name: access.of(name) for name in access.names()})


@routes.get("/replies")
def replies() -> Response:
    """What the brand answered through the API."""
    return jsonify(
        [
            {
                "id": post.id, "in_reply_to_id": post.parent.id if post.parent else None, "text": post.text,
                "platform": post.platform,
            }
            for post in asking.world().replies_by_brand()
        ]
    )  # fmt: skip


def _whole(body: dict[str, Any], name: str, default: int) -> int | None:
    value = body.get(name, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise asking.Refused(400, f"{name} must be a whole number")
    return value


def _figure(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise asking.Refused(400, f"{name} must be a number")
    return value
