"""What the tests of Meta's channels share: signed deliveries, and the Graph API's answers."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from listener.channels.base import Hook
from tests.listener.web_room import Answer

TOKEN = "sesame-open-now"
APP_SECRET = "app-secret-horse"
VERIFY = "verify-me-please"


def delivery(said: Any, secret: str = APP_SECRET) -> Hook:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Hook("POST", {"X-Hub-Signature-256": f"sha256={signature}"}, {}, body)


def challenge(token: str = VERIFY, mode: str = "subscribe") -> Hook:
    query = {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"}
    return Hook("GET", {}, query, b"")


def refusal(code: int, message: str = "no", status: int = 400, subcode: int = 0, **headers: str) -> Answer:
    error = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "error_subcode": subcode,
        "fbtrace_id": "x",
    }
    return Answer(
        json.dumps({"error": error}), status=status, headers={"Content-Type": "application/json"} | headers
    )


def answer(said: Any, **headers: str) -> Answer:
    return Answer(json.dumps(said), headers={"Content-Type": "application/json"} | headers)
