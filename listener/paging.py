"""Walking pages that only the platform can order: the next one is known by a token or a number, not by a key.

The counterpart of `listener.walk` for review and comment APIs. The state is `{"floor"}` when a walk has arrived, and
`{"floor", "high", "next"}` while it has not: `next` is where it goes on, `high` what the floor becomes then. Keys are
the platform's own order as in `walk`; no network here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

from listener.errors import ChannelError, PartError
from listener.walk import STALE_PAGES, Item, State, Step, reached

PARTS_TOLD = 5  # by name


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page as the platform gave it. `next`: the token or number of the page after it, None after the last."""

    items: Sequence[Item]
    next: str | None


class PlaceLostError(Exception):
    """The platform no longer knows the token of an unfinished walk; raised by `read`."""


def onwards(
    state: State | None,
    read: Callable[[str | None], Leaf],
    *,
    since: datetime,
    window: int = 0,
    ceiling: int | None = None,
) -> Iterator[Step]:
    """Walk from the newest page to what was read before. `read(None)` returns the first page, newest first.

    `window`, `ceiling` and `since` as in `walk.down`. Pages without any item are passed over as long as there is a
    next one. A place that is lost makes the walk begin at the top again, down to the same floor; tokens that go in
    circles, and pages without anything new, end it without moving the floor.
    """
    begun = dict(state or {})
    floor, high, place = begun.get("floor"), begun.get("high"), begun.get("next")
    resumed = place is not None
    seen: set[tuple[int, str]] = set()
    visited: set[str] = set()  # in this run: one that goes on may be led to its first place once more
    stale = 0
    while True:
        try:
            leaf = read(place)
        except PlaceLostError:
            if place is None:
                raise
            place, visited = None, set()
            continue
        keys = [item.key for item in leaf.items if ceiling is None or item.key <= ceiling]
        fresh = {(item.key, item.post.id if item.post else "") for item in leaf.items} - seen
        seen |= fresh
        high = max([*keys, high or 0]) if keys else high
        stale = 0 if fresh else stale + 1
        posts = [item.post for item in leaf.items if item.post is not None]
        lowest = None if floor is None else floor - window
        following = leaf.next
        if following is None or (leaf.items and reached(leaf.items, keys, lowest, since)):
            top = floor if high is None else max(high, floor or 0)
            yield Step(posts, {"floor": top}, done=True, backfilled=resumed)
            return
        if following in visited or stale >= STALE_PAGES:
            yield Step(posts, {"floor": floor}, done=False, backfilled=resumed)
            return
        place = following
        visited.add(following)
        yield Step(posts, {"floor": floor, "high": high, "next": place}, done=False, backfilled=resumed)


def numbered(
    read: Callable[[int], tuple[Sequence[Item], bool]], *, last: int | None = None
) -> Callable[[str | None], Leaf]:
    """Return the `read` of `onwards` for pages with numbers from 1. `read(page)` returns its items and whether more may
    follow; `last`: the highest page the platform gives.

    One empty page is not believed to be the end: the next is asked for. A walk that goes on in a later run reads the
    page before its place again, because what was deleted meanwhile has moved the rest up.
    """
    first, empty = True, 0

    def leaf(place: str | None) -> Leaf:
        nonlocal first, empty
        page = int(place) if place else 1
        page -= first and page > 1
        first = False
        items, more = read(page)
        empty = 0 if items else empty + 1
        over = not more or empty > 1 or page == last
        return Leaf(items, None if over else str(page + 1))

    return leaf


def apart(
    streams: Mapping[str, Callable[[State | None], Iterator[Step]]],
    failed: dict[str, ChannelError],
    *,
    one_server: bool = False,
) -> dict[str, Callable[[State | None], Iterator[Step]]]:
    """Return the streams so that one that fails (a country, a video) does not keep the others from being read.

    Its error is added to `failed`, for the caller to `tell` at the end, and its state stays where it was; a rate limit
    and what needs a person is about the whole account and is raised at once. `one_server`: so is no answer in time, a
    5xx, an answer that makes no sense: asking the same server for the other streams would only wait as long again.
    """

    def guarded(
        name: str, start: Callable[[State | None], Iterator[Step]], state: State | None
    ) -> Iterator[Step]:
        last = state or {}
        try:
            for step in start(state):
                last = step.state
                yield step
        except ChannelError as error:
            refused = error.status is not None and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
            if error.attention or error.retry_after is not None or (one_server and not refused):
                raise
            failed[name] = error
            yield Step((), last, done=True)  # there is nothing left that could be fetched at once

    return {name: partial(guarded, name, start) for name, start in streams.items()}


def tell(failed: Mapping[str, ChannelError], streams: Collection[str]) -> None:
    """Raise for what failed: the error itself when nothing could be read, else a PartError that names the parts."""
    if not failed:
        return
    first = next(iter(failed.values()))
    if len(failed) == len(streams):
        raise first
    parts = [f"{name}: {error}" for name, error in list(failed.items())[:PARTS_TOLD]]
    more = f"; and {len(failed) - PARTS_TOLD} more" if len(failed) > PARTS_TOLD else ""
    message = f"{len(failed)} of {len(streams)} parts could not be read: {'; '.join(parts)}{more}"
    raise PartError(message, hint=first.hint) from first
