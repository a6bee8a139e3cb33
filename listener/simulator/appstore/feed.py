"""/appstore/<country>/rss/customerreviews/…: 50 reviews a page, 10 pages a country, as JSON; and /lookup."""

from __future__ import annotations

from typing import Any

from flask import request

from listener.simulator import slices
from listener.simulator.api import asking
from listener.simulator.appstore.app import APP, STORE, VERSION, country_of, routes
from listener.simulator.model import Post
from listener.simulator.reviews import changed, reviews, stars

PAGE, LAST = 50, 10


@routes.get("/lookup")
def lookup() -> dict[str, Any]:
    """The app, where the store has it."""
    found = request.args.get("id") == APP
    results = [{"trackId": int(APP), "trackName": asking.world().brand_name}] if found else []
    return {"resultCount": len(results), "results": results}


@routes.get("/<country>/rss/customerreviews/page=<int:number>/id=<app>/sortby=mostrecent/json")
def reviews_of(country: str, number: int, app: str) -> dict[str, Any]:
    """A page of a country's reviews, the last changed first."""
    if number > LAST:
        raise asking.Refused(400, "", "CustomerReviews RSS page depth is limited to 10")
    rows = [post for post in reviews(STORE) if country_of(post) == country and app == APP]
    size = slices.most(PAGE)
    page, _ = slices.numbered(rows, (number - 1) * size, size)
    feed: dict[str, Any] = {
        "author": {"name": {"label": "iTunes Store"}, "uri": {"label": "http://www.apple.com/itunes/"}},
        "updated": {"label": asking.world().clock().isoformat(timespec="seconds")},
        "title": {"label": "iTunes Store: Customer Reviews"},
    }
    entries = [_entry(post, country) for post in page]
    if entries:
        feed["entry"] = entries if len(entries) > 1 else entries[0]  # a single one is no list
    return {"feed": feed}


def _entry(post: Post, country: str) -> dict[str, Any]:
    gone = STORE in post.account.left
    return {
        "author": {
            "uri": {"label": "" if gone else f"https://itunes.apple.com/{country}/reviews/id{post.account.id}"},
            "name": {"label": "" if gone else post.account.name}, "label": "",
        },
        "updated": {"label": changed(post).isoformat(timespec="seconds")},
        "im:rating": {"label": str(stars(post))}, "im:version": {"label": VERSION}, "id": {"label": post.id},
        "title": {"label": post.title}, "content": {"label": post.text, "attributes": {"type": "text"}},
        "link": {"attributes": {"rel": "related", "href": f"https://itunes.apple.com/{country}/review?id={APP}"}},
        "im:voteSum": {"label": str(post.favourites)}, "im:voteCount": {"label": str(post.favourites)},
    }  # fmt: skip
