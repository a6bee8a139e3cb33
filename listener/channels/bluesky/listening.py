"""Reading Bluesky: which listings a source has, and the walk of each.

* `notifications`: posts that mention, answer or quote us. * `search:…`: latest posts; Bluesky's search joins words by
  AND and promises no OR, so each alternative of a query is a search. * `own`: our own posts, so that a colleague's
  answer given on Bluesky is known here.

All are newest first with opaque cursors. Keys are milliseconds of the time Bluesky sorts by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from listener import paging, unreadable, walk
from listener.channels.base import Cursor, Listen, Page
from listener.channels.bluesky.posts import moment, post_of, sorted_at
from listener.channels.bluesky.session import XrpcError, views_of
from listener.errors import ChannelError
from listener.pushdown import nothing_to_search, searches

if TYPE_CHECKING:
    from listener.channels.bluesky import Bluesky

Start = Callable[[walk.State | None], Iterator[walk.Step]]
NO_PROFILE = "Profile not found"
PAGE = 100
LATE = 15 * 60 * 1000  # milliseconds read again: the search index runs behind
REASONS = ("mention", "reply", "quote")


def listen(channel: Bluesky, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of all listings; the cursor has one entry per listing."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    streams = _streams(channel, what)
    if not streams:
        raise nothing_to_search()
    failed: dict[str, ChannelError] = {}
    yield from walk.together(paging.apart(streams, failed, one_server=True), states, max_pages=what.max_pages)
    paging.tell(failed, streams)


def _streams(channel: Bluesky, what: Listen) -> dict[str, Start]:
    made: dict[str, Start] = {}

    def add(name: str, read: Callable[[str | None], paging.Leaf]) -> None:
        made[name] = lambda state: paging.onwards(
            state, _kept(read, state), since=what.since, window=LATE, ceiling=_soon()
        )

    if channel.options.notifications:
        add("notifications", lambda place: _notifications(channel, place))
    if channel.options.search:
        for text in searches(what.queries):
            add(f"search:{text}", _searching(channel, text))
    add(
        "own", lambda place: _own(channel, place)
    )  # last: an answer of ours counts only where its thread is known
    return made


def _kept(
    read: Callable[[str | None], paging.Leaf], state: walk.State | None
) -> Callable[[str | None], paging.Leaf]:
    """Take a cursor of an earlier run that the server no longer knows for a lost place."""
    stood = (state or {}).get("next")

    def reading(place: str | None) -> paging.Leaf:
        try:
            return read(place)
        except XrpcError as error:
            if place is not None and place == stood and error.status == HTTPStatus.BAD_REQUEST:
                raise paging.PlaceLostError from error
            raise

    return reading


def _searching(channel: Bluesky, text: str) -> Callable[[str | None], paging.Leaf]:
    def read(place: str | None) -> paging.Leaf:
        asked = {"q": text, "sort": "latest"}
        said = _ask(channel, "search", "app.bsky.feed.searchPosts", place, asked)
        return _leaf(said, [_item(channel, view) for view in views_of(said, "posts", "search")])

    return read


def _notifications(channel: Bluesky, place: str | None) -> paging.Leaf:
    said = _ask(
        channel, "notifications", "app.bsky.notification.listNotifications", place, {"reasons": list(REASONS)}
    )
    items = []
    for notice in views_of(said, "notifications", "notifications"):
        at = moment(notice.get("indexedAt")) or datetime.now(UTC)
        about_us = notice.get("reason") in REASONS
        item = _item(channel, notice, addressed=True)
        items.append(walk.Item(_key(at), at, item.post if about_us else None))
    return _leaf(said, items)


def _own(channel: Bluesky, place: str | None) -> paging.Leaf:
    asked = {"actor": channel.did, "filter": "posts_with_replies"}
    try:
        said = _ask(channel, "own posts", "app.bsky.feed.getAuthorFeed", place, asked)
    except XrpcError as error:
        # an account that never posted is not in the index: no posts, not a part that fails
        if place is None and error.status == HTTPStatus.BAD_REQUEST and NO_PROFILE in str(error):
            return paging.Leaf([], None)
        raise
    items = []
    for entry in views_of(said, "feed", "own posts"):
        view = entry.get("post")
        if isinstance(view, Mapping) and not entry.get("reason"):  # a reason: it is a repost or pinned
            items.append(_item(channel, view))
    return _leaf(said, items)


def _ask(
    channel: Bluesky, what: str, method: str, place: str | None, asked: Mapping[str, Any]
) -> Mapping[str, Any]:
    return channel.session.read(
        what, method, {**asked, "limit": str(PAGE), **({"cursor": place} if place else {})}
    )


def _item(channel: Bluesky, view: Mapping[str, Any], *, addressed: bool = False) -> walk.Item:
    at = sorted_at(view)
    post = unreadable.read("bluesky", view.get("uri"), post_of, view, ours=channel.ours, addressed=addressed)
    return walk.Item(_key(at), at, post)


def _leaf(said: Mapping[str, Any], items: Sequence[walk.Item]) -> paging.Leaf:
    following = said.get("cursor")
    return paging.Leaf(items, str(following) if following else None)


def _key(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _soon() -> int:
    """Nothing later than this may become a cursor."""
    return _key(datetime.now(UTC) + timedelta(hours=1))
