"""Meta's webhooks: the challenge when one is set up, the signature of each delivery, and the values it carries.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started : GET with hub.challenge, POST signed with the
app's secret in X-Hub-Signature-256.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from listener.channels.base import Hook, Received
from listener.errors import HttpError


def challenged(hook: Hook, verify_token: str | None) -> Received | None:
    """Answer the challenge of a GET; None when it is a delivery. Raises HttpError."""
    if hook.method != "GET":
        return None
    given = hook.query.get("hub.verify_token", "")
    if hook.query.get("hub.mode") != "subscribe" or not verify_token or not _same(given, verify_token):
        raise HttpError(
            "hub.verify_token is not this source's verify_token", permanent=True, status=HTTPStatus.FORBIDDEN
        )
    return Received(answer=hook.query.get("hub.challenge", ""))


def delivered(hook: Hook, app_secret: str | None) -> Iterator[Mapping[str, Any]]:
    """Check the signature and yield the entries of a delivery. Raises HttpError."""
    if not app_secret:
        raise _refused("this source has no app_secret: deliveries cannot be checked without it")
    given = {name.lower(): value for name, value in hook.headers.items()}.get("x-hub-signature-256", "")
    made = hmac.new(app_secret.encode(), hook.body, hashlib.sha256).hexdigest()
    if not _same(given, f"sha256={made}"):
        raise _refused("X-Hub-Signature-256 does not fit the body and app_secret")
    try:
        said = json.loads(hook.body)
        entries = said.get("entry") or []
    except (ValueError, AttributeError) as error:
        raise HttpError(
            "the body is not a JSON object", permanent=True, status=HTTPStatus.BAD_REQUEST
        ) from error
    return iter(
        [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    )


def changes(entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (field, value) of each change of an entry."""
    for change in entry.get("changes") or []:
        if isinstance(change, Mapping) and isinstance(change.get("value"), Mapping):
            yield str(change.get("field") or ""), change["value"]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _refused(what: str) -> HttpError:
    return HttpError(what, permanent=True, status=HTTPStatus.UNAUTHORIZED)
