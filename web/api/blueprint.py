"""The routes of API v1. Answers have the shapes of `allears export` and `allears alert show --json`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy import select

from alerts import inbox, kpi
from alerts import reply as replies
from alerts import shapes as alert_shapes
from alerts.errors import AlertsError, Blocked, Conflict
from alerts.models import Reply
from listener import coverage as ledger
from listener import sources as listener_sources
from listener.db import now
from listener.errors import ListenerError
from web.api import shapes
from web.api.guard import bearer, caller, once
from web.api.intake import take
from web.api.openapi import document
from web.api.problems import problem
from web.page import Answer
from web.security import BEARER, context, requires

LIMIT = 100
MOST = 500
LONGEST = 366  # days of a report

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/openapi.json")
@requires(BEARER)
def openapi() -> Answer:
    """Describe this API; needs no token."""
    return jsonify(document(context().settings.public_url))


@blueprint.get("/mentions")
@bearer("alerts.read")
def mentions() -> Answer:
    """List mentions, oldest first, after an id."""
    rows = shapes.mentions(context().db, caller(), after=number("after", 0), limit=_limit())
    return jsonify(items=rows, next=rows[-1]["id"] if len(rows) == _limit() else None)


@blueprint.get("/alerts")
@bearer("alerts.read")
def alerts() -> Answer:
    """List alerts by the filters of the inbox; every state unless filtered."""
    filters = inbox.Filters.from_params({"state": "all", **request.args.to_dict()})
    with context().db.read() as session:
        page = inbox.page(
            session, caller(), filters, request.args.get("cursor"), limit=_limit(), counted=False
        )
        items = alert_shapes.alerts(session, page.rows)
    return jsonify(items=items, next=page.next_cursor)


@blueprint.get("/alerts/<int:alert_id>")
@bearer("alerts.read")
def alert(alert_id: int) -> Answer:
    """Show one alert with its replies."""
    with context().db.read() as session:
        found = inbox.get(session, caller(), alert_id)
        body = alert_shapes.alerts(session, [found])[0]
        body["replies"] = alert_shapes.replies(session, found)
    return jsonify(body)


@blueprint.post("/alerts/<int:alert_id>/reply")
@bearer("reply.write")
@once
def reply_to_alert(alert_id: int) -> tuple[int, dict[str, Any]]:
    """Approve a reply to an alert's latest post."""
    with context().db.read() as session:
        mention_id = inbox.get(session, caller(), alert_id).latest_mention_id
    return _reply(mention_id)


@blueprint.post("/mentions/<int:mention_id>/reply")
@bearer("reply.write")
@once
def reply_to_mention(mention_id: int) -> tuple[int, dict[str, Any]]:
    """Approve a reply to a mention, alert or not."""
    return _reply(mention_id)


@blueprint.post("/mentions")
@bearer("sources.edit")
@once
def add_mentions() -> tuple[int, dict[str, Any]]:
    """Take mentions from elsewhere: {"brand", "channel", "items": [{"id", "text", …}]}."""
    return 200, take(context().db, _body())


@blueprint.get("/sources")
@bearer("sources.read")
def sources() -> Answer:
    """List sources with their health."""
    return jsonify(items=[row.as_json() for row in shapes.own_sources(context().db, caller())])


@blueprint.get("/coverage")
@bearer("sources.read")
def coverage() -> Answer:
    """Say what was seen, truncated, back-filled and missed."""
    db = context().db
    names = {row.name for row in listener_sources.list_(db) if row in shapes.own_sources(db, caller())}
    since = now() - timedelta(days=min(number("days", 7), LONGEST))
    return jsonify(items=[one.as_json() for one in ledger.summary(db, since=since) if one.source in names])


@blueprint.get("/kpi")
@bearer("dashboard.read")
def figures() -> Answer:
    """Count the service's figures of the last days."""
    until = now()
    since = until - timedelta(days=min(number("days", 7), LONGEST))
    with context().db.read() as session:
        return jsonify(kpi.kpi(session, caller().brand_ids, since, until).as_json())


@blueprint.errorhandler(Conflict)
def conflict(error: Conflict) -> Answer:
    """Say who was faster, and with what."""
    return problem(409, str(error), who=error.who, what=error.what)


@blueprint.errorhandler(Blocked)
def blocked(error: Blocked) -> Answer:
    """Say what keeps the text from being sent."""
    return problem(422, str(error), problems=error.problems)


MOST_DIGITS = 18
"""Of a number in a query; more do not fit the database's integers."""


def number(name: str, default: int) -> int:
    """Return a number of the query. Raises AlertsError for anything else."""
    given = request.args.get(name, str(default))
    if not given.isdecimal() or len(given) > MOST_DIGITS:
        message = f"{name} must be a whole number"
        raise AlertsError(message)
    return int(given)


def _limit() -> int:
    return max(1, min(number("limit", LIMIT), MOST))


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        message = "send one JSON object, with Content-Type: application/json"
        raise ListenerError(message)
    return body


def _reply(mention_id: int) -> tuple[int, dict[str, Any]]:
    ctx = context()
    body = _body()
    text, undo = body.get("text"), body.get("undo_seconds", 0)
    if not isinstance(text, str) or "\0" in text or not isinstance(undo, int):
        message = '"text" is a string without NUL, "undo_seconds" a number of seconds'
        raise AlertsError(message)
    reply_id = replies.approve(
        ctx.db, ctx.ground, mention_id=mention_id, text=text, person_id=caller().id, undo_seconds=undo, origin="api",
        settings=ctx.settings.alerts,
    )  # fmt: skip
    ctx.wake.send("publish")
    with ctx.db.read() as session:
        row = session.execute(select(Reply).where(Reply.id == reply_id)).scalar_one()
        return 202, alert_shapes.reply(session, row)
