"""Meta's webhooks: the challenge when one is set up, the signature of each delivery, and the values it carries.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started : GET with hub.challenge, POST signed with the
app's secret in X-Hub-Signature-256.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr

from listener import unreadable
from listener.channels.base import Gone, Hook, Post, Received
from listener.errors import HttpError
from listener.meta import direct
from listener.meta.graph import moment


def received(
    hook: Hook, channel: str, account: str, *, verify: SecretStr | None, secret: SecretStr | None,
    changed: Callable[[str, Mapping[str, Any], datetime | None], Sequence[Post | Gone]],
) -> Received:  # fmt: skip
    """Answer the challenge, or check the signature and read what was delivered for one account: its changes by
    `changed(field, value, at)`, and its private messages. Raises HttpError with the status to answer."""
    answer = challenged(hook, verify.get_secret_value() if verify else None)
    if answer is not None:
        return answer
    found: list[Post | Gone] = []
    for entry in delivered(hook, secret.get_secret_value() if secret else None):
        if str(entry.get("id")) != account:
            continue  # the app serves several pages and accounts; each has its own source
        at = moment(entry.get("time"))
        for field, value in changes(entry):
            found += unreadable.read(channel, field, changed, field, value, at) or []
        found += direct.read(entry, channel)
    return Received(
        posts=[one for one in found if isinstance(one, Post)],
        gone=[one for one in found if isinstance(one, Gone)],
    )


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
