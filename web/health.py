"""For machines that look after this one: is the process up, can it work, and its numbers."""

from __future__ import annotations

import hmac
import ipaddress

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from web import schema
from web.api.tokens import person_of_token
from web.page import Answer
from web.security import PUBLIC, context, requires

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@requires(PUBLIC)
def healthz() -> Answer:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@requires(PUBLIC)
def readyz() -> Answer:
    """The database answers and is at the code's revision; else 503 with what is wrong."""
    db = context().db
    try:
        with db.read() as session:
            session.execute(text("SELECT 1"))
        schema.require_current(db)
    except SQLAlchemyError:
        return jsonify(status="unavailable", reason="the database does not answer"), 503, {"Retry-After": "5"}
    except schema.SchemaError as error:
        return jsonify(status="unavailable", reason=str(error)), 503, {"Retry-After": "30"}
    return jsonify(status="ok")


@blueprint.get("/metrics")
@requires(PUBLIC)
def metrics() -> Answer:
    """Prometheus numbers: from this machine, or with a bearer token of the API."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not (bearer and person_of_token(context().db, bearer)) and not _from_here():
        return Response("metrics need a bearer token from elsewhere\n", 401, {"WWW-Authenticate": "Bearer"})
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _from_here() -> bool:
    """Tell whether the request comes from this machine itself and was not passed on by a proxy."""
    if any(request.headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return hmac.compare_digest(request.remote_addr or "", "localhost")
