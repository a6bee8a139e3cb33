"""Public pages for people: recent posts, a post with its thread, a profile, an article. Read-only, escaped by Jinja."""

from __future__ import annotations

import re
from html import escape

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from listener.simulator.api import asking, shapes
from listener.simulator.model import Account, Post
from listener.simulator.world import view

routes = Blueprint("pages", __name__, template_folder="templates")
_RECENT = 60
_NAMES = {
    "mastodon": "Mastodon", "x": "X", "reddit": "Reddit", "bluesky": "Bluesky", "googleplay": "Google Play",
    "appstore": "App Store", "email": "E-mail",
}  # fmt: skip
_ESCAPED = re.compile(r"\\([^\w\s])")  # Markdown


@routes.app_template_filter("platform")
def platform(kind: str) -> str:
    """Return a platform's name for people."""
    return _NAMES.get(kind, kind)


@routes.app_template_filter("words")
def words(post: Post) -> Markup:
    """Return a post's HTML; `content` has escaped everything that is not a link of ours."""
    shown = post.boost_of or post
    said = _ESCAPED.sub(r"\1", shown.text) if shown.platform == "reddit" else shown.text
    return Markup(shapes.content(said, asking.base(), asking.world()))  # noqa: S704 - escaped by content


@routes.get("/")
def recent() -> str:
    """The newest public posts."""
    posts = view.timeline(asking.world(), None, platform=None)[-_RECENT:][::-1]
    return render_template("recent.html", posts=posts, title="Recent posts", brand=asking.world().brand)


@routes.get("/@<handle>")
def profile(handle: str) -> str:
    """Somebody's posts."""
    who = _account(handle)
    posts = view.statuses_of(asking.world(), who, None, None)[-_RECENT:][::-1]
    return render_template("recent.html", posts=posts, title=who.name, brand=asking.world().brand)


@routes.get("/@<handle>/<post_id>")
def single(handle: str, post_id: str) -> str:
    """One post, what it answers, and what answers it."""
    post = asking.world().post(post_id)
    if post is None or not view.may_see(asking.world(), post, None) or post.account is not _account(handle):
        raise asking.Refused(404, "Not Found")
    above, below = view.context(asking.world(), post, None)
    return render_template("post.html", post=post, above=above, below=below, brand=asking.world().brand)


@routes.get("/tags/<tag>")
def tag(tag: str) -> str:
    """Posts with a hashtag."""
    posts = view.timeline(asking.world(), None, tag=tag, platform=None)[-_RECENT:][::-1]
    return render_template("recent.html", posts=posts, title=f"#{tag}", brand=asking.world().brand)


@routes.get("/news/<article_id>")
def article(article_id: str) -> str:
    """One article of the invented press."""
    for one in asking.world().news:
        if one.id == article_id:
            return render_template("article.html", article=one)
    raise asking.Refused(404, "Not Found")


@routes.get("/avatars/<name>.svg")
def avatar(name: str) -> Response:
    """A coloured square with the first letter of a name."""
    who = asking.world().accounts.get(name)
    letter, hue = (who.name[:1].upper(), int(who.id) % 360) if who else ("•", 200)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">'
        f'<rect width="48" height="48" rx="8" fill="hsl({hue} 45% 38%)"/>'
        '<text x="24" y="32" font-family="sans-serif" font-size="22" fill="#fff" text-anchor="middle">'
        f"{escape(letter)}</text></svg>"
    )
    return Response(svg, content_type="image/svg+xml")


def problem(code: int, name: str) -> str:
    """Return the page for an error."""
    return render_template("problem.html", code=code, name=name)


def _account(handle: str) -> Account:
    name, _, host = handle.partition("@")
    found = asking.world().account_named(name, host)
    if found is None:
        raise asking.Refused(404, "Not Found")
    return found
