"""X's posts (API v2) → our posts. No network.

https://docs.x.com/x-api/fundamentals/data-dictionary . An edit is a new post with a new id on X; here it is the first
one, changed: its id is the first of `edit_history_tweet_ids`, and `extra["latest"]` the one to answer.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from listener.channels.base import Post, PostAuthor

EPOCH = 1_288_834_974_657  # milliseconds of the first snowflake
BITS = 22
ONE_SECOND = 1000 << BITS
OLDEST_SNOWFLAKE = 1 << 50  # smaller ids are counters: no time in them
FIELDS = {
    "tweet_fields": [
        "attachments", "author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities",
        "in_reply_to_user_id", "lang", "note_tweet", "public_metrics", "referenced_tweets", "reply_settings",
    ],
    "expansions": ["author_id", "referenced_tweets.id", "referenced_tweets.id.author_id", "attachments.media_keys"],
    "user_fields": ["name", "username", "public_metrics"],
    "media_fields": ["alt_text", "type", "url", "preview_image_url"],
}  # fmt: skip
_METRICS = (
    ("reposts", "retweet_count"),
    ("likes", "like_count"),
    ("replies", "reply_count"),
    ("quotes", "quote_count"),
)


@dataclass(frozen=True, slots=True)
class Included:
    """What an answer carries besides its posts, by id."""

    users: Mapping[str, Mapping[str, Any]]
    posts: Mapping[str, Mapping[str, Any]]
    media: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Included:
        """Index the `includes` of an answer."""
        included = answer.get("includes")
        included = included if isinstance(included, Mapping) else {}
        return cls(
            _by(included.get("users"), "id"), _by(included.get("tweets"), "id"), _by(included.get("media"), "media_key")
        )  # fmt: skip


def post_of(
    tweet: Mapping[str, Any], included: Included, *, ours: frozenset[str], addressed: bool = False
) -> Post:
    """Return the post of a tweet; of a repost whose original came along, the original with its own counts.

    `ours`: our id and handle, lower case. `addressed`: it comes from our mentions.
    """
    related = {str(item.get("type")): str(item.get("id")) for item in tweet.get("referenced_tweets") or []}
    original = related.get("retweeted")
    if original is not None and original in included.posts:
        return post_of(included.posts[original], included, ours=ours)
    author = included.users.get(str(tweet.get("author_id") or ""), {})
    handle = str(author.get("username") or "")
    mentioned = addressed or _mentions_us(tweet, ours)
    parent = included.posts.get(related.get("replied_to", ""))
    first, latest = versions(tweet)
    return Post(
        id=first,
        text=_without_prefix(words(tweet)) if original else words(tweet),
        posted_at=_instant(tweet, first),
        kind="comment" if "replied_to" in related else "post",
        author=PostAuthor(
            id=str(tweet["author_id"]),
            handle=handle or None,
            name=author.get("name") or None,
            url=f"https://x.com/{handle}" if handle else None,
            followers=(author.get("public_metrics") or {}).get("followers_count"),
        )
        if tweet.get("author_id")
        else None,
        url=f"https://x.com/{handle or 'i/web'}/status/{latest}",
        language=_language(tweet.get("lang")),
        thread_id=str(tweet["conversation_id"]) if tweet.get("conversation_id") else None,
        parent_id=related.get("replied_to"),
        parent_text=words(parent) if parent else None,
        repost_of=original,
        quoted_id=related.get("quoted"),
        addressed_to_us=mentioned or str(tweet.get("in_reply_to_user_id") or "") in ours,
        own=str(tweet.get("author_id") or "") in ours or (bool(handle) and handle.lower() in ours),
        edited_at=moment(int(latest)) if latest != first and latest.isdecimal() else None,
        media=tuple(_media(tweet, included)),
        engagement={
            name: int(count)
            for name, field in _METRICS
            if isinstance(count := (tweet.get("public_metrics") or {}).get(field), int)
        },
        extra={
            "latest": latest,
            "mentions_us": mentioned,
            "reply_settings": tweet.get("reply_settings") or "everyone",
        },
        raw=dict(tweet),
    )


def listed(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list, none where it is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def following(answer: Mapping[str, Any]) -> str | None:
    """Return the token of the next page."""
    meta = answer.get("meta")
    token = meta.get("next_token") if isinstance(meta, Mapping) else None
    return str(token) if token else None


def words(tweet: Mapping[str, Any]) -> str:
    """Return what a post says in full, with the real addresses of its links; links to its own pictures go."""
    note = tweet.get("note_tweet") if isinstance(tweet.get("note_tweet"), Mapping) else None
    text = str((note or {}).get("text") or tweet.get("text") or "")
    for link in _entities(tweet, "urls"):
        short = str(link.get("url") or "")
        if short:
            shown = (
                ""
                if link.get("media_key")
                else str(link.get("unwound_url") or link.get("expanded_url") or short)
            )
            text = text.replace(short, shown)
    return html.unescape(text).strip()


def versions(tweet: Mapping[str, Any]) -> tuple[str, str]:
    """Return (first id, latest id) of a post and its edits."""
    history = [str(item) for item in tweet.get("edit_history_tweet_ids") or []] or [str(tweet["id"])]
    return history[0], history[-1]


def moment(snowflake: int) -> datetime:
    """Return the instant in an id."""
    return datetime.fromtimestamp(((snowflake >> BITS) + EPOCH) / 1000, UTC)


def snowflake(at: datetime) -> int:
    """Return the smallest id of an instant."""
    return max(0, int(at.timestamp() * 1000) - EPOCH) << BITS


def _instant(tweet: Mapping[str, Any], first: str) -> datetime:
    try:
        return datetime.fromisoformat(str(tweet["created_at"])).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        number = int(first) if first.isdecimal() else 0
        return moment(number) if number > OLDEST_SNOWFLAKE else datetime.now(UTC)


def _mentions_us(tweet: Mapping[str, Any], ours: frozenset[str]) -> bool:
    return any(
        str(item.get("id") or "") in ours or str(item.get("username") or "").lower() in ours
        for item in _entities(tweet, "mentions")
    )


def _entities(tweet: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return mentions or urls of a post: a long one has those of its whole text beside those of its beginning."""
    note = tweet.get("note_tweet") if isinstance(tweet.get("note_tweet"), Mapping) else None
    return [
        item
        for part in (tweet, note or {})
        for item in (part.get("entities") or {}).get(name) or []
        if isinstance(item, Mapping)
    ]


def _media(tweet: Mapping[str, Any], included: Included) -> Iterable[Mapping[str, Any]]:
    for key in (tweet.get("attachments") or {}).get("media_keys") or []:
        item = included.media.get(str(key))
        if item:
            yield {
                "type": str(item.get("type") or ""),
                "url": item.get("url") or item.get("preview_image_url"),
                "alt": item.get("alt_text"),
            }


def _without_prefix(text: str) -> str:
    """`RT @ada: words` → `words`."""
    before, colon, after = text.partition(": ")
    return after if colon and before.startswith("RT @") else text


def _language(tag: object) -> str | None:
    """X's own tags for "no words" (qht, qme, zxx, und …) say nothing."""
    text = str(tag or "")
    return (
        None
        if not text or text in {"und", "zxx"} or text.startswith("q")
        else {"iw": "he", "in": "id"}.get(text, text)
    )


def _by(items: object, name: str) -> dict[str, Mapping[str, Any]]:
    return {str(item[name]): item for item in listed(items) if item.get(name)}
