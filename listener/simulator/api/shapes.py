"""Accounts and statuses as the API's JSON. Source: https://docs.joinmastodon.org/entities/ ."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from listener.simulator import text as writing
from listener.simulator.api import asking
from listener.simulator.model import Account, Notification, Post
from listener.simulator.world import World


def stamp(moment: datetime) -> str:
    """Return a moment as Mastodon writes it: UTC, milliseconds, Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def profile_url(account: Account, base: str) -> str:
    """Return the address of somebody's page on this server."""
    return f"{base}/@{account.acct}"


def account(who: Account, base: str) -> dict[str, Any]:
    """Return an Account."""
    picture = f"{base}/avatars/{who.id}.svg"
    return {
        "id": who.id, "username": who.username, "acct": who.acct, "display_name": who.name,
        "locked": False, "bot": who.bot, "discoverable": True, "indexable": True, "group": False,
        "created_at": stamp(who.created_at.replace(hour=0, minute=0, second=0, microsecond=0)),
        "note": writing.to_html(who.note, base, lambda _name, _host: None), "url": profile_url(who, base),
        "uri": f"{base}/users/{who.username}", "avatar": picture, "avatar_static": picture,
        "header": picture, "header_static": picture, "followers_count": who.followers, "following_count": 12,
        "statuses_count": who.statuses, "last_status_at": who.last_at.date().isoformat() if who.last_at else None,
        "hide_collections": False, "noindex": False, "emojis": [], "roles": [], "fields": [],
    }  # fmt: skip


def status(post: Post, base: str, world: World) -> dict[str, Any]:
    """Return a Status. A boost wraps the status it repeats and has no words of its own."""
    with world.lock:
        return _status(post, base, world)


def _status(post: Post, base: str, world: World) -> dict[str, Any]:
    repeated = _status(post.boost_of, base, world) if post.boost_of is not None else None
    parent = post.parent
    return {
        "id": post.id, "created_at": stamp(post.created_at),
        "in_reply_to_id": parent.id if parent else None,
        "in_reply_to_account_id": parent.account.id if parent else None,
        "sensitive": bool(post.spoiler), "spoiler_text": post.spoiler, "visibility": post.visibility,
        "language": post.language, "uri": f"{base}/users/{post.account.username}/statuses/{post.id}",
        "url": f"{profile_url(post.account, base)}/{post.id}",
        "replies_count": post.answers, "reblogs_count": post.boosts, "favourites_count": post.favourites,
        "quotes_count": 0, "edited_at": stamp(post.edited_at) if post.edited_at else None,
        "favourited": False, "reblogged": False, "muted": False, "bookmarked": False, "pinned": False,
        "content": repeated["content"] if repeated else content(post.text, base, world),
        "filtered": [], "reblog": repeated, "application": {"name": "Web", "website": None},
        "account": account(post.account, base), "media_attachments": [],
        "mentions": [
            {"id": who.id, "username": who.username, "url": profile_url(who, base), "acct": who.acct}
            for who in post.mentions
        ],
        "tags": [{"name": tag, "url": f"{base}/tags/{tag}"} for tag in writing.tags(post.text)],
        "emojis": [], "quote": None, "card": None, "poll": None,
    }  # fmt: skip


def content(text: str, base: str, world: World) -> str:
    """Return the HTML of a status, with links to the people of this world."""

    def known(name: str, host: str) -> tuple[str, str] | None:
        found = world.account_named(name, host)
        return (found.username, profile_url(found, base)) if found else None

    return writing.to_html(text, base, known)


def statuses(posts: list[Post]) -> list[dict[str, Any]]:
    """Return many statuses for the request at hand."""
    return [status(post, asking.base(), asking.world()) for post in posts]


def notification(one: Notification, base: str, world: World) -> dict[str, Any]:
    """Return a Notification of type mention."""
    return {
        "id": one.id, "type": "mention", "created_at": stamp(one.created_at), "group_key": f"ungrouped-{one.id}",
        "account": account(one.post.account, base), "status": status(one.post, base, world),
    }  # fmt: skip
