"""/hn/api/v1/…: the search of Hacker News as Algolia offers it, over stories and comments of the scenario.

Source: https://hn.algolia.com/api . Understands query, tags (a list in brackets is OR), numericFilters on
created_at_i, hitsPerPage and page.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, jsonify, request

from listener.simulator import slices
from listener.simulator import text as writing
from listener.simulator.api import asking
from listener.simulator.api.shapes import stamp
from listener.simulator.model import Article
from listener.simulator.world import view

routes = Blueprint("hackernews", __name__, url_prefix="/hn/api/v1")
_FILTER = re.compile(r"created_at_i(<=|>=|<|>|=)(\d+)")
_MOST = 1000


@routes.get("/search_by_date")
def search_by_date() -> Response:
    """Hits newest first."""
    size = min(max(asking.number("hitsPerPage") or 20, 1), _MOST)
    page = asking.number("page") or 0
    wanted, unwanted = view.terms(request.args.get("query", ""))
    found = [
        one
        for one in sorted(asking.world().hackernews, key=lambda one: (one.at, one.id), reverse=True)
        if view.matches(f"{one.title} {one.text}", wanted, unwanted) and _tagged(one) and _in_time(one)
    ]
    hits = [_hit(one) for one in slices.numbered(found, page * size, size)[0]]
    pages = -(-len(found) // size)
    return jsonify(hits=hits, nbHits=len(found), page=page, nbPages=pages, hitsPerPage=size)


@routes.get("/items/<item_id>")
def item(item_id: str) -> dict[str, Any]:
    """One story or comment."""
    for one in asking.world().hackernews:
        if one.id == item_id:
            hit = _hit(one)
            return {
                "id": int(one.id), "type": hit["_tags"][0], "author": one.author, "title": one.title or None,
                "text": writing.to_html(one.text, "", lambda _name, _host: None) or None, "points": one.points or None,
                "created_at": hit["created_at"], "created_at_i": hit["created_at_i"], "url": one.url or None,
                "parent_id": int(one.parent_id) if one.parent_id else None, "story_id": hit["story_id"], "children": [],
            }  # fmt: skip
    raise asking.Refused(404, "Item not found")


def _tagged(one: Article) -> bool:
    kind = "comment" if one.parent_id else "story"
    for group in re.findall(r"\([^)]*\)|[^,()]+", request.args.get("tags", "")):
        if kind not in group.strip("()").split(",") and group.strip("()") != f"author_{one.author}":
            return False
    return True


def _in_time(one: Article) -> bool:
    at = int(one.at.timestamp())
    tests = {
        "<": at.__lt__, ">": at.__gt__, "<=": at.__le__, ">=": at.__ge__, "=": at.__eq__,
    }  # fmt: skip
    return all(
        tests[sign](int(value)) for sign, value in _FILTER.findall(request.args.get("numericFilters", ""))
    )


def _hit(one: Article) -> dict[str, Any]:
    comment = bool(one.parent_id)
    html = writing.to_html(one.text, "", lambda _name, _host: None) if one.text else None
    story = int(one.story_id or one.id)
    return {
        "objectID": one.id, "author": one.author, "created_at": stamp(one.at), "created_at_i": int(one.at.timestamp()),
        "title": None if comment else one.title, "url": one.url or None, "points": None if comment else one.points,
        "story_text": None if comment else html, "comment_text": html if comment else None, "story_id": story,
        "parent_id": int(one.parent_id) if comment else None, "num_comments": None if comment else 0,
        "_tags": ["comment" if comment else "story", f"author_{one.author}", f"story_{story}"],
    }  # fmt: skip
