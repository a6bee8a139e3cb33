"""What one reader may see of the world: visibility, read lag, threads, search. Reads only."""

from __future__ import annotations

import re
from datetime import timedelta

from listener.simulator import text as writing
from listener.simulator.model import Account, Notification, Post
from listener.simulator.world.state import MASTODON, World

_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_WORD = re.compile(r"\w+", re.UNICODE)


def may_see(world: World, post: Post, reader: Account | None) -> bool:
    """Tell whether `reader` (None: nobody logged in) can read the post now."""
    lag = world.faults.read_lag
    if lag and post.by_token and world.clock() - post.heard_at < timedelta(seconds=lag):
        return False
    if post.boost_of is not None and post.boost_of.deleted:
        return False
    if post.visibility in {"public", "unlisted"}:
        return True
    return reader is not None and (reader is post.account or reader in post.mentions)


def timeline(
    world: World, reader: Account | None, *, tag: str | None = None, platform: str | None = MASTODON
) -> list[Post]:
    """Return the public timeline, or the timeline of a hashtag; oldest first. Boosts are not in either.

    platform: whose; None for what was said anywhere.
    """
    with world.lock:
        return [
            post
            for post in (world.posts if platform is None else world.on(platform))
            if post.visibility == "public"
            and post.boost_of is None
            and (tag is None or tag.casefold() in writing.tags(post.text))
            and may_see(world, post, reader)
        ]


def statuses_of(
    world: World, account: Account, reader: Account | None, platform: str | None = MASTODON
) -> list[Post]:
    """Return what somebody posted (platform None: anywhere), boosts included, oldest first."""
    with world.lock:
        posts = world.posts if platform is None else world.on(platform)
        return [post for post in posts if post.account is account and may_see(world, post, reader)]


def context(world: World, post: Post, reader: Account | None) -> tuple[list[Post], list[Post]]:
    """Return (ancestors, descendants) of a post: the way up from the root, and the answers depth first."""
    with world.lock:
        above: list[Post] = []
        up = post.parent
        while up is not None:
            if not up.deleted and may_see(world, up, reader):
                above.insert(0, up)
            up = up.parent
        children: dict[str, list[Post]] = {}
        for other in world.on(post.platform):
            if other.parent is not None and may_see(world, other, reader):
                children.setdefault(other.parent.id, []).append(other)
        below: list[Post] = []
        waiting = list(reversed(children.get(post.id, [])))
        while waiting:
            child = waiting.pop()
            below.append(child)
            waiting.extend(reversed(children.get(child.id, [])))
        return above, below


def notifications_of(world: World, account: Account, platform: str = MASTODON) -> list[Notification]:
    """Return the mentions of an account that it may see, oldest first."""
    with world.lock:
        return [
            one
            for one in world.notifications
            if one.to is account and one.post.platform == platform and may_see(world, one.post, account)
        ]


def search(world: World, query: str, reader: Account) -> list[Post]:
    """Return posts with all words and phrases of the query and none of the -excluded ones; oldest first.

    As Mastodon's full-text search: whole words, no OR, hashtags count as words.
    """
    wanted, unwanted = terms(query)
    if not wanted:
        return []
    with world.lock:
        return [
            post
            for post in world.on(MASTODON)
            if post.boost_of is None and may_see(world, post, reader) and matches(post.text, wanted, unwanted)
        ]


def terms(query: str) -> tuple[list[list[str]], list[list[str]]]:
    """Split a query into phrases (lists of words) that must and must not occur."""
    wanted: list[list[str]] = []
    unwanted: list[list[str]] = []
    for minus, phrase, word in _TERM.findall(query):
        words = _words(phrase or word)
        if words:
            (unwanted if minus else wanted).append(words)
    return wanted, unwanted


def matches(text: str, wanted: list[list[str]], unwanted: list[list[str]]) -> bool:
    """Tell whether a text has all wanted phrases and no unwanted one."""
    have = _words(text)
    return all(_within(phrase, have) for phrase in wanted) and not any(
        _within(phrase, have) for phrase in unwanted
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _within(phrase: list[str], words: list[str]) -> bool:
    size = len(phrase)
    return any(words[start : start + size] == phrase for start in range(len(words) - size + 1))
