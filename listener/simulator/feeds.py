"""/feeds/news.xml: what the invented local press writes, as RSS 2.0 with ETag, Last-Modified and 304."""

from __future__ import annotations

import hashlib
from email.utils import format_datetime
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request

from listener.simulator.api import asking
from listener.simulator.model import Article
from listener.simulator.world.state import DOMAIN

routes = Blueprint("feeds", __name__, url_prefix="/feeds")


@routes.get("/news.xml")
def news() -> Response:
    """Newest first; unchanged since the reader's ETag or Last-Modified: 304 without a body."""
    world = asking.world()
    with world.lock:
        articles = sorted(
            (one for one in world.news if one.at <= world.clock()), key=lambda one: one.at, reverse=True
        )
    body = _rss(articles, asking.base()).encode()
    response = Response(body, content_type="application/rss+xml; charset=utf-8")
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    if articles:
        response.last_modified = articles[0].at
    return response.make_conditional(request)  # type: ignore[return-value]  # werkzeug says its base class


def _rss(articles: list[Article], base: str) -> str:
    items = "".join(
        f"<item><title>{escape(one.title)}</title><link>{escape(f'{base}/news/{one.id}')}</link>"
        f'<guid isPermaLink="false">{escape(f"{DOMAIN}/news/{one.id}")}</guid>'
        f"<pubDate>{format_datetime(one.at, usegmt=True)}</pubDate><author>{escape(one.author)}</author>"
        f"<description>{escape(f'<p>{escape(one.text)}</p>')}</description></item>"
        for one in articles
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>Harbour Post</title><link>{escape(base)}/</link>"
        f"<description>Local news of an invented town</description><language>en</language>{items}</channel></rss>\n"
    )
