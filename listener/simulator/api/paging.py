"""Pages by id as Mastodon cuts them: newest first, `max_id`, `since_id`, `min_id`, and the Link header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Response, jsonify, request

from listener.simulator.api import asking

Item = TypeVar("Item")
_REPEATED = 3


def page(items: Sequence[Item], id_of: Callable[[Item], int], *, most: int = 40) -> list[Item]:
    """Cut the asked page out of `items` (oldest first); newest first.

    `min_id` gives the entries directly above it, `since_id` the newest ones above it.
    """
    size = asking.limit(most=most)
    upper, lower, since = asking.number("max_id"), asking.number("min_id"), asking.number("since_id")
    repeated = 0
    if upper is not None and asking.world().faults.take("duplicate_pages", request.full_path):
        repeated = _REPEATED
    above = [item for item in items if upper is not None and id_of(item) >= upper][:repeated]
    kept = [item for item in items if upper is None or id_of(item) < upper] + above
    floor = lower if lower is not None else since
    if floor is not None:
        kept = [item for item in kept if id_of(item) > floor]
    cut = kept[:size] if lower is not None else kept[-size:]
    return cut[::-1]


def answer(shown: Sequence[Any], ids: Sequence[int], *, most: int = 40) -> Response:
    """Return a page as JSON with Link headers: `next` is older (only after a full page), `prev` newer."""
    response = jsonify(list(shown))
    if ids:
        links = [f'<{_url(min_id=ids[0])}>; rel="prev"']
        if len(ids) >= asking.limit(most=most):
            loops = asking.world().faults.take("looping_cursor", request.full_path)
            links.insert(0, f'<{_url(max_id=ids[0] + 1 if loops else ids[-1])}>; rel="next"')
        response.headers["Link"] = ", ".join(links)
    return response


def _url(**bound: int) -> str:
    kept = [
        (name, value)
        for name, value in request.args.items(multi=True)
        if name not in {"max_id", "min_id", "since_id", "access_token"}
    ]
    return f"{asking.base()}{request.path}?{urlencode([*kept, *bound.items()])}"
