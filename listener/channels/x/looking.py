"""Trying a query on X: how many posts it has, which X counts without billing a read, and a few of them if wanted.

https://docs.x.com/x-api/posts/counts/introduction : seven days, with the app's bearer token only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listener import unreadable
from listener.channels.base import Listen
from listener.channels.x.listening import LEAST, WEEK
from listener.channels.x.posts import FIELDS, Included, listed, post_of
from listener.channels.x.searches import searches
from listener.looking import Look
from listener.pushdown import nothing_to_search

if TYPE_CHECKING:
    from listener.channels.x import X


def look(channel: X, what: Listen, *, posts: bool) -> Look:
    """Count the posts of the last days; with `posts`, read the newest ten of the first search. Raises ChannelError."""
    texts = searches(what.queries, without=channel.handle, reposts=channel.options.reposts)
    if not texts:
        raise nothing_to_search()
    since = max(what.since, datetime.now(UTC) - WEEK)
    count = None
    if channel.options.bearer_token is not None:
        count = sum(_count(channel, text, since) for text in texts)
    if not posts or (what.reads_left is not None and what.reads_left < LEAST):
        return Look(since, count=count)
    answer = channel.ask("search", "search_recent_tweets", texts[0], max_results=LEAST, **FIELDS)
    tweets = listed(answer.get("data"))
    included = Included.of(answer)
    found = [
        unreadable.read("x", str(tweet.get("id")), post_of, tweet, included, ours=channel.ours)
        for tweet in tweets
    ]
    return Look(since, count=count, posts=[post for post in found if post is not None], reads=len(tweets))


def _count(channel: X, text: str, since: datetime) -> int:
    from listener.channels.x.client import spoken, unreadable  # noqa: PLC0415 - tweepy is loaded by those who use it

    with spoken(channel.options.base_url, "count"):
        answer = channel.client.get_recent_tweets_count(text, granularity="day", start_time=since)
    meta = answer.get("meta") if isinstance(answer, Mapping) else None
    total = meta.get("total_tweet_count") if isinstance(meta, Mapping) else None
    if not isinstance(total, int):
        raise unreadable("count")
    return total
