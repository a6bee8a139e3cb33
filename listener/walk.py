"""Walking a platform's pages so that nothing is skipped: the cursor arithmetic of every channel, without network.

A channel gives a function that reads one page and gets back steps: the posts to store and the state to store with
them. States are small JSON objects:

* newest-first platforms (`down`): `{"floor", "walking", "high"}`. All up to `floor` was read; a walk that did not get
  there yet stands at `walking` and began at `high`. `floor` moves only when the walk reaches it, so a run that dies
  after storing its newest page resumes below it instead of losing the rest.
* platforms that read upwards (`up`): `{"floor"}`.

Keys are the platform's own order (ids or server times), never the author's clock. Keys above `ceiling` (a post dated
2099 where the key is a time) are stored as posts but never become a state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from listener.channels.base import Page, Post

State = dict[str, Any]
VERSION = 1  # of the cursor that `together` writes
STALE_PAGES = 3  # pages in a row without anything new: the platform's cursor loops


@dataclass(frozen=True, slots=True)
class Item:
    """A post at its place in the platform's order. `post` is None for what only moves the walk (a hidden item)."""

    key: int
    at: datetime
    post: Post | None


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a walk: store `posts` and `state` together. `done`: the walk has arrived."""

    posts: Sequence[Post]
    state: State
    done: bool
    backfilled: bool = False


def down(
    state: State | None,
    read: Callable[[int | None, int], Sequence[Item]],
    *,
    since: datetime,
    window: int = 0,
    overlap: int = 0,
    ceiling: int | None = None,
) -> Iterator[Step]:
    """Walk from the newest to what was read before. `read(upper, skip)` returns items with key < upper, newest first,
    leaving out the first `skip`.

    `window`: how far below the floor to read again, for items that arrive late. `overlap`: added to `upper` where
    the platform compares more coarsely than by key. A platform that answers the same page for ever ends the walk
    without moving the floor.
    """
    begun = dict(state or {})
    floor, walking, high = begun.get("floor"), begun.get("walking"), begun.get("high")
    resumed = walking is not None
    skip, stale, retried = 0, 0, False
    seen: set[tuple[int, str]] = set()
    while True:
        items = read(None if walking is None else walking + overlap, skip)
        if not items and seen and not retried:
            retried = True  # an empty page in the middle: ask once more before believing it
            continue
        retried = False
        keys = [item.key for item in items if ceiling is None or item.key <= ceiling]
        fresh = {(item.key, item.post.id if item.post else "") for item in items} - seen
        seen |= fresh
        high = max([high or 0, *keys]) if keys and not resumed else high
        stale = 0 if fresh else stale + 1
        looping = bool(items) and stale >= STALE_PAGES
        arrived = not items or reached(items, keys, None if floor is None else floor - window, since)
        posts = [item.post for item in items if item.post is not None]
        if arrived or looping:
            top = floor if looping or high is None else max(high, floor or 0)
            yield Step(posts, {"floor": top}, done=not looping, backfilled=resumed)
            return
        # the last one, not the lowest: a pinned old item must not carry the walk past all that lies between
        if keys and (walking is None or keys[-1] < walking):
            walking, skip = keys[-1], 0
        else:
            skip += len(items)
        yield Step(posts, {"floor": floor, "walking": walking, "high": high}, done=False, backfilled=resumed)


def reached(items: Sequence[Item], keys: Sequence[int], lowest: int | None, since: datetime) -> bool:
    """Say whether a page reaches what was read before (or `since`, on a first run).

    In an ordered page its last item tells; in a shuffled one, or with a pinned old item, only all of them do.
    """
    ordered = all(one.key >= other.key for one, other in pairwise(items))
    if lowest is None:
        dated = all(one.at >= other.at for one, other in pairwise(items))
        return items[-1].at < since if ordered and dated else all(item.at < since for item in items)
    if not keys:
        return False
    return min(keys) <= lowest if ordered else max(keys) <= lowest


def up(
    state: State | None,
    read: Callable[[int], Sequence[Item]],
    *,
    start: int,
    window: int = 0,
    ceiling: int | None = None,
) -> Iterator[Step]:
    """Walk from what was read before to the newest. `read(lower)` returns the items directly above `lower`.

    `start`: where a first run begins; `window` as in `down`.
    """
    begun = dict(state or {})
    floor = begun.get("floor")
    resumed = bool(begun.get("more"))
    # an unfinished walk goes on at its floor: re-reading a busy window each time could use up every run
    place = start if floor is None else max(0, floor if resumed else floor - window)
    floor = start if floor is None else floor
    while True:
        items = read(place)
        keys = [item.key for item in items if ceiling is None or item.key <= ceiling]
        top = max(keys, default=place)
        posts = [item.post for item in items if item.post is not None]
        if top <= place:
            yield Step(posts, {"floor": floor}, done=True, backfilled=resumed)
            return
        place, floor = top, max(floor, top)
        yield Step(posts, {"floor": floor, "more": True}, done=False, backfilled=resumed)


def together(
    streams: Mapping[str, Callable[[State | None], Iterator[Step]]],
    states: dict[str, State],
    *,
    max_pages: int,
) -> Iterator[Page]:
    """Walk several streams of one source one after the other and yield their pages under one cursor.

    Each stream gets its share of the pages, so that a busy one cannot starve the others; what it left over stays in
    the cursor. A page counts as truncated until every stream has arrived.
    """
    share = max(2, max_pages // max(1, len(streams)))
    states = {
        name: state for name, state in states.items() if name in streams
    }  # a changed query drops its old streams
    left = set(streams)
    for name, start in streams.items():
        for count, step in enumerate(start(states.get(name)), start=1):
            if step.state:  # an empty one says that nothing is known yet
                states[name] = step.state
            if step.done:
                left.discard(name)
            cursor = {"v": VERSION, "streams": dict(states)}
            yield Page(step.posts, cursor, truncated=bool(left), backfilled=step.backfilled)
            if step.done or count >= share:
                break
