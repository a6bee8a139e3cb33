"""/reddit/search.rss and …/comments/.rss: the same listings as Atom, for everybody, without a log-in."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from flask import Response

from listener.simulator.model import Post
from listener.simulator.reddit import asked, listings, shapes
from listener.simulator.reddit.asked import routes

SITE = "https://www.reddit.com"


@routes.get("/search.rss")
@routes.get("/r/<area>/search.rss")
def search_feed(area: str = "all") -> Response:
    """Submissions that a query means."""
    return _atom(listings.searched(area), "search results")


@routes.get("/r/<area>/comments/.rss")
def comments_feed(area: str) -> Response:
    """Every comment of some subreddits."""
    return _atom(listings.comments_in(area), f"comments in {area}")


def _atom(posts: Sequence[Post], title: str) -> Response:
    page, _ = listings.page_of(posts)
    entries = "".join(_entry(post) for post in page)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:media="http://search.yahoo.com/mrss/"><title>{escape(title)}</title>{entries}</feed>'
    )
    return Response(body, content_type="application/atom+xml; charset=UTF-8")


def _entry(post: Post) -> str:
    sub, author = asked.subreddit_of(post), asked.author_of(post)
    submission = asked.kind_of(post) == asked.SUBMISSION
    title = shapes.title_of(post) if submission else f"/u/{author} on {shapes.title_of(post.root)}"
    tail = f' &#32; submitted by &#32; <a href="{SITE}/user/{author}"> /u/{author} </a>' if submission else ""
    return (
        f"<entry><author><name>/u/{escape(author)}</name><uri>{SITE}/user/{escape(author)}</uri></author>"
        f'<category term="{escape(sub)}" label="r/{escape(sub)}"/>'
        f'<content type="html">{escape(shapes.html(post) + tail)}</content><id>{asked.full_name(post)}</id>'
        f'<link href="{SITE}{escape(shapes.permalink(post))}"/>'
        f"<updated>{post.heard_at.isoformat(timespec='seconds')}</updated><title>{escape(title)}</title></entry>"
    )
