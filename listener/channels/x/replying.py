"""Answering on X, once, and finding out afterwards whether an unclear call did post.

X knows no idempotency key. Our own timeline shows a new post at once; it refuses the same text twice within hours,
which the outbox takes as "look again", never as a failure.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from listener.channels.base import Absent, Attempt, Post, Sent, Unsure
from listener.channels.x.client import unreadable
from listener.channels.x.length import MOST, measure
from listener.channels.x.posts import Included, following, listed, post_of, words
from listener.errors import ChannelError

if TYPE_CHECKING:
    from listener.channels.x import X

CLOCKS = timedelta(minutes=5)  # how far X's clock may be off ours
PAGES = 5


def reply(channel: X, to: Post, text: str) -> Sent:
    """Post the reply. Raises ChannelError; an HttpError says whether it may have been delivered."""
    if (length := measure(text)) > MOST:
        raise ChannelError(
            f"the reply weighs {length} characters; X allows {MOST} (a link 23, an emoji or a CJK letter 2)",
            permanent=True,
            hint="Shorten it.",
        )
    answer = channel.ask(
        "reply", "create_tweet", text=text, in_reply_to_tweet_id=str(to.extra.get("latest") or to.id)
    )
    made = answer.get("data")
    if not isinstance(made, Mapping) or not made.get("id"):
        raise unreadable("reply")
    number = str(made["id"])
    return Sent(number, f"https://x.com/{channel.handle or 'i/web'}/status/{number}", datetime.now(UTC))


def find(channel: X, attempt: Attempt) -> Sent | Absent | Unsure:
    """Look through our own posts since the attempt; Absent only when all of them could be read."""
    wanted = bare(attempt.text)
    parents = {attempt.to.id, str(attempt.to.extra.get("latest") or attempt.to.id)}
    token: str | None = None
    try:
        channel.learn()
        for _ in range(PAGES):
            answer = channel.ask(
                "own posts", "get_users_tweets", channel.user_id, max_results=100, pagination_token=token,
                start_time=attempt.since - CLOCKS,
                tweet_fields=["created_at", "entities", "note_tweet", "referenced_tweets", "edit_history_tweet_ids"],
            )  # fmt: skip
            for tweet in listed(answer.get("data")):
                if _parent(tweet) in parents and bare(words(tweet)) == wanted:
                    found = post_of(tweet, Included.of(answer), ours=channel.ours)
                    return Sent(
                        found.id,
                        f"https://x.com/{channel.handle or 'i/web'}/status/{found.id}",
                        found.posted_at,
                    )
            token = following(answer)
            if not token:
                return Absent()
    except ChannelError as error:
        return Unsure(str(error))
    return Unsure("our account posted too much since the attempt to look through all of it")


def bare(text: str) -> str:
    """Return letters and digits only, without mentions in front: X puts those in by itself and rewrites links."""
    kept = html.unescape(text).split()
    while kept and kept[0].startswith("@"):
        kept = kept[1:]
    return "".join(letter for letter in "".join(kept).casefold() if letter.isalnum())


def _parent(tweet: Mapping[str, Any]) -> str | None:
    for item in listed(tweet.get("referenced_tweets")):
        if item.get("type") == "replied_to":
            return str(item.get("id"))
    return None
