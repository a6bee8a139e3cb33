"""The WSGI application of the simulated platforms: faults and rate limits around their APIs, feeds and pages."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from listener.simulator import (
    api,
    appstore,
    bluesky,
    control,
    feeds,
    googleplay,
    hackernews,
    pages,
    reddit,
    signposts,
    x,
)
from listener.simulator.api import asking
from listener.simulator.dialects import DIALECTS, Dialect, dialect_of
from listener.simulator.limits import RateLimit, Standing
from listener.simulator.world import World

RATE_LIMIT = 3000
"""Requests per five minutes, platform and token: ten times Mastodon's, so that a demo may poll every few seconds."""
_CONTROL = "/_sim/"


def create_app(world: World, *, rate_limit: int = RATE_LIMIT) -> Flask:
    """Return the application that shows `world`."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.extensions["world"] = world
    counters = {one.prefix: RateLimit(rate_limit, world.clock) for one in DIALECTS}
    api.register(app)
    for part in (control, feeds, hackernews, x, reddit, bluesky, googleplay, appstore, signposts, pages):
        app.register_blueprint(part.routes)

    @app.before_request
    def misbehave() -> Response | None:
        dialect = dialect_of(request.path)
        if dialect is None:
            return None
        who = request.headers.get("Authorization", "") or str(request.remote_addr)
        g.standing = counters[dialect.prefix].count(who)
        return _fault(world, dialect)

    @app.after_request
    def finish(response: Response) -> Response:
        dialect, standing = dialect_of(request.path), g.get("standing")
        if dialect is None or standing is None:
            return response
        response.headers.update(dialect.headers(standing, world.clock()))
        if response.status_code // 100 == 2 and world.faults.take("truncated", request.full_path):  # noqa: PLR2004
            body = response.get_data()
            response.set_data(body[: len(body) // 2])
        return response

    app.register_error_handler(HTTPException, _error)
    return app


def _fault(world: World, dialect: Dialect) -> Response | None:
    """Answer instead of the method when a fault says so, or when the rate limit is used up."""
    faults, path = world.faults, request.full_path
    if stall := faults.take("stall", path):
        time.sleep(stall.seconds)
    if limited := faults.take("rate_limited", path):
        g.standing = Standing(300, 0, world.clock() + timedelta(seconds=limited.seconds), exceeded=True)
    standing: Standing = g.standing
    if standing.exceeded:
        refused = _said(dialect, 429, dialect.limited)
        if dialect.retry_after:
            left = (standing.reset - world.clock()).total_seconds()
            refused.headers["Retry-After"] = str(max(1, round(left)))
        return refused
    if faults.take("unauthorized", path):
        return _said(dialect, 401, "The access token is invalid")
    if broken := faults.take("server_error", path):
        return _said(dialect, broken.status, "Something went wrong on our end")
    if faults.take("not_json", path):
        return make_response("<!doctype html><title>Please wait</title><p>Checking your browser…</p>", 200)
    if faults.take("deleted_author", path):
        _leave(world, dialect.kind)
    return None


def _leave(world: World, platform: str) -> None:
    """Let the author of the newest post on a platform that is not the brand's delete the account."""
    with world.lock:
        for post in reversed(world.on(platform)):
            if post.account is not world.brand and platform not in post.account.left:
                world.close_account(post.account, platform)
                return


def _said(dialect: Dialect, code: int, said: str, body: Any = None) -> Response:
    found = dialect.error(code, said) if body is None else body
    return make_response(found if isinstance(found, str) else jsonify(found), code)


def _error(error: HTTPException) -> Response:
    code = error.code or 500
    dialect = dialect_of(request.path)
    if dialect is None and not request.path.startswith(_CONTROL):
        return make_response(pages.problem(code, error.name), code)
    refused = error if isinstance(error, asking.Refused) else None
    said = (refused.description if refused else None) or error.name
    return _said(dialect or DIALECTS[0], code, said, refused.body if refused else None)
