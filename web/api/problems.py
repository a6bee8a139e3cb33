"""Errors of the API as RFC 9457 problem documents."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from flask import Response


def problem(status: int, detail: str, **more: Any) -> Response:
    """Answer with what went wrong and what to do."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Response(json.dumps(body), status, content_type="application/problem+json")
