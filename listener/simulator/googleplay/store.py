"""/play/store/… and /play/_/…: the page of the app and the undocumented list of reviews behind it, for everybody."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request

from listener.simulator import slices
from listener.simulator.api import asking
from listener.simulator.googleplay.app import PACKAGE, PLAY, VERSION, routes
from listener.simulator.model import Post
from listener.simulator.reviews import answers, changed, reviews, stars, uuid_of

RPC = "oCPfdb"
GUARD = ")]}'\n\n"


@routes.get("/store/apps/details")
def details() -> Response:
    """The page of the app."""
    if request.args.get("id") != PACKAGE:
        raise asking.Refused(404, "We're sorry, the requested URL was not found on this server.")
    return Response(f"<html><title>{asking.world().brand_name} - Apps on Google Play</title></html>")


@routes.post("/_/PlayStoreUi/data/batchexecute")
def batch() -> Response:
    """The newest reviews in the language `hl`."""
    try:
        ((rpc, inner, *_),) = json.loads(request.form["f.req"])[0]
        _, (_, _, size, *_), (package, _) = json.loads(inner)
        count, start = int(size[0]), int(size[2]) if len(size) > 2 else 0  # noqa: PLR2004 - count, nothing, place
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise asking.Refused(400, "Bad Request") from error
    if rpc != RPC:
        raise asking.Refused(400, f"unknown RPC {rpc}")
    language = request.args.get("hl", "en").partition("-")[0]
    rows = [post for post in reviews(PLAY) if package == PACKAGE and (post.language or "en") == language]
    page, following = slices.numbered(rows, start, count)
    said = answers(page)
    found: Any = [[_row(post, said.get(post.id)) for post in page]]
    found += [[None, str(following) if following is not None else None], None]
    body = json.dumps([["wrb.fr", RPC, json.dumps(found), None, None, None, "generic"], ["di", 23]])
    return Response(GUARD + body, content_type="application/json; charset=utf-8")


def _row(post: Post, said: Post | None) -> list[Any]:
    answer = None
    if said is not None:
        answer = [asking.world().brand_name, said.text, [int(changed(said).timestamp()), 0]]
    author = "A Google user" if PLAY in post.account.left else post.account.name
    return [
        uuid_of(post), [author, [None, 2]], stars(post), None, post.text, [int(changed(post).timestamp()), 0],
        post.favourites, answer, None, None, VERSION,
    ]  # fmt: skip
