"""Posts and people as X's JSON. Source: https://docs.x.com/x-api/fundamentals/data-dictionary ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from listener.simulator import text as writing
from listener.simulator.model import Account, Post
from listener.simulator.world import World
from listener.simulator.x.ids import number

_MENTION = re.compile(r"(?<!\w)@(\w{1,15})", re.ASCII)
_URL = re.compile(r"https?://\S+")
_TAGS = {"he": "iw"}
URL_LENGTH, LONGEST = 23, 280
_LIGHT = ((0x0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


def stamp(moment: datetime) -> str:
    """Return a moment as X writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def weight(text: str) -> int:
    """Count a post: a link is 23, a letter beyond the Latin, Cyrillic and Hebrew ranges 2."""
    short = _URL.sub("", text)
    links = len(_URL.findall(text))
    return links * URL_LENGTH + sum(
        1 if any(low <= ord(letter) <= high for low, high in _LIGHT) else 2 for letter in short
    )


def user(who: Account) -> dict[str, Any]:
    """Return a user."""
    return {
        "id": who.id, "username": who.username, "name": who.name, "description": who.note, "verified": False,
        "created_at": stamp(who.created_at),
        "public_metrics": {"followers_count": who.followers, "following_count": 12, "tweet_count": who.statuses},
    }  # fmt: skip


def tweet(post: Post, world: World) -> dict[str, Any]:
    """Return a post; of a repost its first words, as X does."""
    name, related = str(number(post.number)), []
    text = post.text
    if post.boost_of is not None:
        text = f"RT @{post.boost_of.account.username}: {post.boost_of.text}"
        related.append({"type": "retweeted", "id": str(number(post.boost_of.number))})
    if post.parent is not None:
        related.append({"type": "replied_to", "id": str(number(post.parent.number))})
    found: dict[str, Any] = {
        "id": name, "text": text, "author_id": post.account.id, "created_at": stamp(post.created_at),
        "conversation_id": str(number(post.root.number)),
        "lang": _TAGS.get(post.language or "", post.language or "und"),
        "edit_history_tweet_ids": [name], "reply_settings": "everyone",
        "public_metrics": {
            "retweet_count": post.boosts, "reply_count": post.answers, "like_count": post.favourites, "quote_count": 0,
            "bookmark_count": 0, "impression_count": 0,
        },
    }  # fmt: skip
    entities = {"mentions": _mentions(text, world), "urls": _urls(text), "hashtags": _hashtags(text)}
    if any(entities.values()):
        found["entities"] = {key: value for key, value in entities.items() if value}
    if related:
        found["referenced_tweets"] = related
    if post.parent is not None:
        found["in_reply_to_user_id"] = post.parent.account.id
    return found


def answer(posts: Sequence[Post], world: World) -> dict[str, Any]:
    """Return `data` and `includes` of some posts; both are left out when there are none, as X does."""
    if not posts:
        return {}
    related = {
        one.id: one for post in posts for one in (post.parent, post.boost_of) if one and not one.deleted
    }
    people = {post.account.id: post.account for post in [*posts, *related.values()]}
    included: dict[str, Any] = {"users": [user(who) for who in people.values() if "x" not in who.left]}
    if related:
        included["tweets"] = [tweet(one, world) for one in related.values()]
    return {"data": [tweet(post, world) for post in posts], "includes": included}


def mentions(post: Post, who: Account) -> bool:
    """Tell whether a post @mentions somebody."""
    return who in post.mentions


def _mentions(text: str, world: World) -> list[dict[str, Any]]:
    found = []
    for match in _MENTION.finditer(text):
        known = world.account_named(match[1])
        if known is not None:
            found.append(
                {"start": match.start(), "end": match.end(), "username": known.username, "id": known.id}
            )
    return found


def _urls(text: str) -> list[dict[str, Any]]:
    return [
        {
            "start": match.start(),
            "end": match.end(),
            "url": match[0],
            "expanded_url": match[0],
            "display_url": match[0],
        }
        for match in _URL.finditer(text)
    ]


def _hashtags(text: str) -> list[dict[str, Any]]:
    return [{"tag": tag} for tag in writing.tags(text)]
