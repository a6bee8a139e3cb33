"""app.bsky.*: posts by uri, threads, an account's feed, search, notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import request

from listener.simulator.api import asking
from listener.simulator.bluesky import names, shapes
from listener.simulator.bluesky.asked import failed, me, page, routes, visible
from listener.simulator.model import Account, Post
from listener.simulator.world import view

_DEEP = 6


@routes.get("/app.bsky.feed.getPosts")
def get_posts() -> dict[str, Any]:
    """Posts by uri; those that are gone are left out."""
    who, world = me(), asking.world()
    found = [names.post_at(world, uri) for uri in request.args.getlist("uris")]
    return {"posts": [shapes.view(post, world) for post in found if post and view.may_see(world, post, who)]}


@routes.get("/app.bsky.feed.getPostThread")
def get_post_thread() -> dict[str, Any]:
    """A post, what it answers, and what answers it."""
    who, world = me(), asking.world()
    post = names.post_at(world, request.args.get("uri", ""))
    if post is None or not view.may_see(world, post, who):
        raise failed("NotFound", "Post not found")
    above = _thread(post.parent, [], 0) if post.parent and not post.parent.deleted else None
    return {"thread": _thread(post, visible(who), _DEEP) | ({"parent": above} if above else {})}


@routes.get("/app.bsky.feed.getAuthorFeed")
def get_author_feed() -> dict[str, Any]:
    """What somebody posted, answers too."""
    reader, world = me(), asking.world()
    who = names.account(world, request.args.get("actor", ""))
    if who is None:
        raise failed("InvalidRequest", "Profile not found")
    shown, cursor = page([post for post in visible(reader) if post.account is who])
    return {"feed": [{"post": shapes.view(post, world)} for post in shown], **cursor}


@routes.get("/app.bsky.feed.searchPosts")
def search_posts() -> dict[str, Any]:
    """Posts with all the words and phrases of a query, newest first."""
    who, world, args = me(), asking.world(), request.args
    wanted, unwanted = view.terms(args.get("q", ""))
    if not wanted:
        raise failed("InvalidRequest", "Params must have the property q")
    since, until = _moment("since"), _moment("until")
    shown, cursor = page(
        [
            post
            for post in visible(who)
            if view.matches(post.text, wanted, unwanted)
            and (since is None or post.heard_at >= since)
            and (until is None or post.heard_at < until)
        ]
    )
    return {"posts": [shapes.view(post, world) for post in shown], **cursor}


@routes.get("/app.bsky.notification.listNotifications")
def list_notifications() -> dict[str, Any]:
    """Posts that mention or answer us, newest first; `reasons` narrows it."""
    who = me()
    reasons = request.args.getlist("reasons")
    found = {post.id: _reason(post, who) for post in visible(who)}
    posts = [
        post for post in visible(who) if found.get(post.id) and (not reasons or found[post.id] in reasons)
    ]
    shown, cursor = page(posts)
    return {"notifications": [_notification(post, str(found[post.id])) for post in shown], **cursor}


def _reason(post: Post, who: Account) -> str | None:
    if post.account is who:
        return None
    if post.parent is not None and post.parent.account is who:
        return "reply"
    return "mention" if who in post.mentions else None


def _notification(post: Post, reason: str) -> dict[str, Any]:
    shown = shapes.view(post, asking.world())
    kept = {name: shown[name] for name in ("uri", "cid", "author", "record", "indexedAt", "labels")}
    subject = {"reasonSubject": names.uri_of(post.parent)} if reason == "reply" and post.parent else {}
    return kept | {"reason": reason, "isRead": False} | subject


def _thread(post: Post, posts: list[Post], deep: int) -> dict[str, Any]:
    below = [one for one in posts if one.parent is post] if deep else []
    return {
        "$type": "app.bsky.feed.defs#threadViewPost", "post": shapes.view(post, asking.world()),
        "replies": [_thread(one, posts, deep - 1) for one in below],
    }  # fmt: skip


def _moment(name: str) -> datetime | None:
    written = request.args.get(name)
    try:
        return datetime.fromisoformat(written) if written else None
    except ValueError as error:
        raise failed("InvalidRequest", f"{name} is no date") from error
