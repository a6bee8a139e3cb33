"""Who calls the API, and writes that happen once: bearer token in, Idempotency-Key remembered with its answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, g, jsonify, request
from sqlalchemy import select

from alerts import people
from alerts.errors import NotFound
from alerts.models import Idempotency
from alerts.people import Viewer
from listener.db import upsert
from web.api.problems import problem
from web.api.tokens import person_of_token
from web.security import BEARER, context, requires

LONGEST_KEY = 100
"""Characters of an Idempotency-Key."""

UNDER_WAY = 0  # status of a key whose first request has not ended


def bearer(permission: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let in only the holder of a token whose role has the permission."""

    def wrap(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
            db = context().db
            person_id = person_of_token(db, token.strip()) if scheme.lower() == "bearer" and token else None
            if person_id is None:
                answer = problem(
                    401, "Send a valid token: Authorization: Bearer …; make one on your account page."
                )
                answer.headers["WWW-Authenticate"] = "Bearer"
                return answer
            with db.read() as session:
                g.viewer = people.viewer(session, person_id)
            g.viewer.require(permission)
            return view(*args, **kwargs)

        guarded.api_permission = permission  # type: ignore[attr-defined]
        return requires(BEARER)(guarded)

    return wrap


def caller() -> Viewer:
    """Return whose token it is."""
    found: Viewer = g.viewer
    return found


def once(view: Callable[..., Any]) -> Callable[..., Any]:
    """Remember the answer to a write under its Idempotency-Key: the same request again gets the same answer."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        given = request.headers.get("Idempotency-Key", "").strip()
        if not given or len(given) > LONGEST_KEY or not given.isprintable():
            return problem(
                400, "Send an Idempotency-Key of 1 to 100 characters, so that a repeat does nothing twice."
            )
        db = context().db
        key = f"{caller().id}:{request.path}:{given}"[:200]
        digest = hashlib.sha256(request.get_data()).hexdigest()
        values = {"key": key, "digest": digest, "status": UNDER_WAY, "body": {}}
        with db.work() as session:
            mine = session.execute(
                upsert(session, Idempotency).values(**values).on_conflict_do_nothing(index_elements=["key"])
                .returning(Idempotency.key)
            ).scalar_one_or_none()  # fmt: skip
            before = (
                session.scalar(select(Idempotency).where(Idempotency.key == key)) if mine is None else None
            )
        if before is not None:
            return _again(before, digest)
        try:
            status, body = view(*args, **kwargs)
        except BaseException:
            _forget(key)  # nothing was done: the caller may try again under the same key
            raise
        with db.work() as session:
            row = session.get_one(Idempotency, key)
            row.status, row.body = status, json.loads(json.dumps(body))
        return jsonify(body), status

    return guarded


def _again(before: Idempotency, digest: str) -> Response | tuple[Response, int]:
    if before.digest != digest:
        return problem(422, "This Idempotency-Key was used for another request; take a new one.")
    if before.status == UNDER_WAY:
        return problem(
            409, "The first request with this Idempotency-Key is still being worked on; ask again soon."
        )
    answer = jsonify(before.body)
    answer.headers["Idempotency-Replayed"] = "true"
    return answer, before.status


def _forget(key: str) -> None:
    with context().db.work() as session:
        row = session.get(Idempotency, key)
        if row is None:
            raise NotFound(key)
        session.delete(row)
