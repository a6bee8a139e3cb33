"""The WSGI application of the simulated platforms: faults and rate limits around the API, the feed and the pages."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import Flask, Response, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from listener.simulator import api, control, feeds, hackernews, pages
from listener.simulator.api import asking
from listener.simulator.drill import routes as drill
from listener.simulator.limits import RateLimit, Standing
from listener.simulator.world import World

RATE_LIMIT = 3000
"""Requests per five minutes and token: ten times Mastodon's, so that a demo may poll every few seconds."""
_PLATFORM = ("/api/", "/feeds/", "/hn/")


def create_app(world: World, *, rate_limit: int = RATE_LIMIT) -> Flask:
    """Return the application that shows `world`."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.extensions["world"] = world
    counter = RateLimit(rate_limit, world.clock)
    api.register(app)
    for part in (control, drill, feeds, hackernews, pages):
        app.register_blueprint(part.routes)

    @app.before_request
    def misbehave() -> Response | None:
        if not request.path.startswith(_PLATFORM):
            return None
        if request.path.startswith("/api/"):
            g.standing = counter.count(asking.token() or str(request.remote_addr))
        return _fault(world)

    @app.after_request
    def finish(response: Response) -> Response:
        standing: Standing | None = g.get("standing")
        if standing is not None:
            response.headers.update(standing.headers())
        if request.path.startswith(_PLATFORM) and response.status_code == 200 and world.faults.take(  # noqa: PLR2004
            "truncated", request.path
        ):  # fmt: skip
            body = response.get_data()
            response.set_data(body[: len(body) // 2])
        return response

    app.register_error_handler(HTTPException, _error)
    return app


def _fault(world: World) -> Response | None:
    """Answer instead of the method when a fault says so, or when the rate limit is used up."""
    faults, path = world.faults, request.path
    if stall := faults.take("stall", path):
        time.sleep(stall.seconds)
    if limited := faults.take("rate_limited", path):
        g.standing = Standing(300, 0, world.clock() + timedelta(seconds=limited.seconds), exceeded=True)
    standing: Standing | None = g.get("standing")
    if standing is not None and standing.exceeded:
        return make_response(jsonify(error="Too many requests"), 429)
    if limited:
        refused = make_response(jsonify(error="Too many requests"), 429)
        refused.headers["Retry-After"] = str(int(limited.seconds))
        return refused
    if faults.take("unauthorized", path):
        return make_response(jsonify(error="The access token is invalid"), 401)
    if broken := faults.take("server_error", path):
        return make_response(jsonify(error="Something went wrong on our end"), broken.status)
    if faults.take("not_json", path):
        return make_response("<!doctype html><title>Please wait</title><p>Checking your browser…</p>", 200)
    return None


def _error(error: HTTPException) -> Response:
    code = error.code or 500
    if request.path.startswith((*_PLATFORM, "/_sim/")):
        said = error.description if isinstance(error, asking.Refused) else error.name
        return make_response(jsonify(error=said), code)
    return make_response(pages.problem(code, error.name), code)
