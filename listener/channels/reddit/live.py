"""Reddit has no stream: the newest comments of the subreddits are looked at every few seconds, which comes close.

That is what praw calls a stream, too; ours keeps to the guard, the quota and the end of the process. A look costs one
of a hundred requests a minute; a quiet subreddit is looked at less and less often. When more was written between two
looks than a page holds, the polls read the rest: they go about a thousand deep.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING

from listener.channels.base import Listen, Page
from listener.channels.reddit.listening import listing, named_in
from listener.errors import ChannelError

if TYPE_CHECKING:
    from listener.channels.reddit import Reddit

SOONEST, LATEST = 2.0, 16.0  # seconds between two looks
PULSE = 1.0
REMEMBERED = 500  # ids of what was seen: a page holds a hundred
_dice = random.SystemRandom()


def live(channel: Reddit, what: Listen, stop: Event) -> Iterator[Page]:
    """Yield comments that were not seen before. Raises ChannelError."""
    area = "+".join(channel.options.subreddits)
    if channel.keyless:
        raise ChannelError(
            "Reddit's public RSS is asked gently, not every few seconds",
            permanent=True,
            hint="Set client_id and client_secret of an approved app, or switch stream off.",
        )
    if not area or not channel.options.comments:
        raise ChannelError(
            "nothing to stream: comments can only be followed in named subreddits",
            permanent=True,
            hint="Set subreddits=… and comments=true, or switch stream off.",
        )
    about, seen, wait = named_in(channel, what), dict[str, None](), SOONEST
    while not stop.is_set():
        found = listing(channel, f"/r/{area}/comments", {}, addressed=False, about=about).items
        posts = [item.post for item in found if item.post is not None]
        fresh = [post for post in posts if post.id not in seen]
        yield Page(fresh, None, truncated=bool(seen) and len(fresh) == len(posts) > 1)
        seen |= dict.fromkeys(post.id for post in reversed(fresh))
        for name in list(seen)[:-REMEMBERED]:
            del seen[name]
        wait = SOONEST if fresh else min(wait * 2, LATEST)
        yield from _pause(wait * _dice.uniform(0.8, 1.2), stop)


def _pause(seconds: float, stop: Event) -> Iterator[Page]:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0 and not stop.wait(min(PULSE, left)):
        yield Page((), None)
