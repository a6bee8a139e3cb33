"""Reading a forum: all its newest posts, downwards by id, or a search for each of the brand's words.

* `all`: `/posts.json?before=ID` answers with the public posts among the 50 ids up to ID: a page may be empty because
  the posts in that range are private, so the walk steps over empty ranges. Whole texts, one request for 50.
* `search:…`: `/search.json?q=… order:latest`, whose hits carry only the beginning of a post: each new one is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from listener import paging, unreadable, walk
from listener.channels.base import Cursor, Listen, Page, Post
from listener.channels.discourse.posts import moment
from listener.errors import ChannelError, HttpError
from listener.pushdown import nothing_to_search, searches

if TYPE_CHECKING:
    from listener.channels.discourse import Discourse

RANGE = 50  # ids that one page of /posts.json spans
MOST_EMPTY = 40  # ranges without a public post that are stepped over in one go
LATE = 600  # seconds below the floor of a search that are read again: the index runs behind
Start = Callable[[walk.State | None], Iterator[walk.Step]]


def listen(channel: Discourse, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of all streams."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    streams: dict[str, Start] = {}
    if channel.options.read == "all":
        streams["all"] = _all(channel, what.since)
    else:
        streams = {f"search:{text}": _search(channel, text, what.since) for text in searches(what.queries)}
        if not streams:
            raise nothing_to_search()
    failed: dict[str, ChannelError] = {}
    yield from walk.together(paging.apart(streams, failed, one_server=True), states, max_pages=what.max_pages)
    paging.tell(failed, streams)


def _all(channel: Discourse, since: datetime) -> Start:
    def start(state: walk.State | None) -> Iterator[walk.Step]:
        lowest = int((state or {}).get("floor") or 0) - RANGE

        def read(upper: int | None, skip: int) -> Sequence[walk.Item]:
            del skip  # ids are exact
            before = upper - 1 if upper is not None else None
            for _ in range(MOST_EMPTY):
                if before is not None and before <= max(lowest, 0):
                    return []
                found = channel.listing("/posts.json", {"before": str(before)} if before is not None else {})
                items = _items(channel, found.get("latest_posts") or [])
                if items or before is None:
                    return items
                before -= RANGE
            return []

        yield from walk.down(state, read, since=since, window=RANGE)

    return start


def _search(channel: Discourse, text: str, since: datetime) -> Start:
    def start(state: walk.State | None) -> Iterator[walk.Step]:
        floor = (state or {}).get("floor")
        fresh = (int(floor) if floor is not None else int(since.timestamp())) - LATE

        def read(page: int) -> tuple[Sequence[walk.Item], bool]:
            found = channel.listing("/search.json", {"q": f"{text} order:latest", "page": str(page)})
            topics = {topic.get("id"): topic for topic in found.get("topics") or []}
            items = [_hit(channel, hit, topics, fresh) for hit in found.get("posts") or []]
            more = (found.get("grouped_search_result") or {}).get("more_full_page_results")
            return items, bool(more)

        yield from paging.onwards(state, paging.numbered(read), since=since, window=LATE, ceiling=_soon())

    return start


def _hit(
    channel: Discourse, hit: Mapping[str, Any], topics: Mapping[Any, Mapping[str, Any]], fresh: int
) -> walk.Item:
    at = moment(hit.get("created_at")) or datetime.now(UTC)
    key = int(at.timestamp())
    if key < fresh:
        return walk.Item(key, at, None)
    try:
        whole = channel.read(f"/posts/{int(hit['id'])}.json")
    except HttpError as error:
        if error.status not in {403, 404, 410}:
            raise
        return walk.Item(key, at, None)  # deleted since the index was made
    topic = topics.get(hit.get("topic_id")) or {}
    named = {"topic_title": topic.get("title"), "topic_slug": topic.get("slug")} | whole
    made = unreadable.read("discourse", hit.get("id"), channel.post, named)
    return walk.Item(key, at, made if isinstance(made, Post) else None)


def _items(channel: Discourse, found: Sequence[Mapping[str, Any]]) -> list[walk.Item]:
    items = []
    for said in found:
        made = unreadable.read("discourse", said.get("id"), channel.post, said)
        at = moment(said.get("created_at")) or datetime.now(UTC)
        if isinstance(said.get("id"), int):
            items.append(walk.Item(said["id"], at, made if isinstance(made, Post) else None))
    return sorted(
        items, key=lambda item: -item.key
    )  # the page is ordered by time, which moderators can change


def _soon() -> int:
    """Nothing dated later than this may become a cursor."""
    return int(datetime.now(UTC).timestamp()) + 3600
