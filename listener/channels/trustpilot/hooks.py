"""Trustpilot's webhooks: {"events": [{"eventName", "eventData"}]}, not signed; the secret is part of our address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from listener.channels.base import Gone, Hook, Post, Received
from listener.channels.trustpilot.posts import post_of
from listener.errors import HttpError

WRITTEN = frozenset({"service-review-created", "service-review-updated"})
DELETED = "service-review-deleted"


def received(hook: Hook, unit: str) -> Received:
    """Return what a request says; events of other kinds are passed over. Raises HttpError (400)."""
    try:
        said = json.loads(hook.body)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _bad(f"the body is not JSON ({error})") from error
    events = said.get("events") if isinstance(said, Mapping) else None
    if not isinstance(events, list):
        raise _bad('the body has no list "events"')
    posts: list[Post] = []
    gone: list[Gone] = []
    for number, event in enumerate(events):
        data = event.get("eventData") if isinstance(event, Mapping) else None
        if not isinstance(data, Mapping) or not data.get("id"):
            raise _bad(f"event {number} has no eventData with an id")
        name = event.get("eventName")
        if name in WRITTEN:
            posts.append(post_of(data, unit)[0])
        elif name == DELETED:
            gone.append(Gone(str(data["id"]), unit))
    return Received(posts, gone)


def _bad(message: str) -> HttpError:
    return HttpError(message, permanent=True, status=int(HTTPStatus.BAD_REQUEST))
