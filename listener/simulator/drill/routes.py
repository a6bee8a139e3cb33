"""The scorecard as a page for the team, and as JSON under /_sim/ for whoever leads the drill.

The page keeps the truth to itself until the drill is over; the JSON does not.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from listener.simulator.api import asking
from listener.simulator.drill.listening import commands
from listener.simulator.drill.report import criticals, duration
from listener.simulator.drill.run import Drill
from listener.text import direction

routes = Blueprint("drill", __name__)
routes.add_app_template_filter(duration, "duration")
routes.add_app_template_filter(direction, "runs")


@routes.app_context_processor
def known() -> dict[str, Any]:
    """Let every page link to the drill there is."""
    return {"drill": current_app.extensions.get("drill")}


@routes.get("/_sim/drill")
def document() -> ResponseReturnValue:
    """The scorecard so far. 404: the scenario is no drill."""
    return jsonify(_drill().scorecard().as_json())


@routes.get("/_sim/listen")
def listen() -> Response:
    """The commands that add the brand and a source for each platform of the drill, for a shell."""
    lines = commands(asking.world(), current_app.extensions["access"], _drill().platforms)
    return Response("\n".join(["set -e", *lines, ""]), content_type="text/plain; charset=utf-8")


@routes.get("/drill")
def page() -> str:
    """The figures while it runs; afterwards also which posts were missed or answered wrongly."""
    run = _drill()
    card = run.scorecard()
    return render_template("drill.html", card=card, title=run.plan.title, criticals=criticals(card))


def _drill() -> Drill:
    found: Any = current_app.extensions.get("drill")
    if found is None:
        raise asking.Refused(404, "this scenario is no drill; start one with --scenario crisis")
    return found  # type: ignore[no-any-return]
