"""Reading a page: what stands on it, what names it, and the comments below the posts of the last weeks.

All lists are newest first and go on by `after`; keys are the platform's own times. Comments are asked for with
filter=stream, which holds the answers to comments too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from listener import paging, unreadable, walk
from listener.channels.base import Cursor, Listen, Page, Post
from listener.channels.facebook.posts import COMMENT_FIELDS, POST_FIELDS, comment_of, post_of
from listener.meta import comments
from listener.meta.graph import after, data, moment

if TYPE_CHECKING:
    from listener.channels.facebook import Facebook

LATE = 900  # seconds below the floor that are read again
SIZE, COMMENTS = "50", "100"
MOST_LISTS = 4  # pages of posts that are looked through for new comments


def listen(channel: Facebook, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of all streams."""
    page = channel.options.page_id
    streams: dict[str, comments.Start] = {
        "feed": _start(
            channel, f"/{page}/feed", POST_FIELDS, lambda said: post_of(said, page=page), what.since
        )
    }
    if channel.options.tagged:
        streams["tagged"] = _start(
            channel,
            f"/{page}/tagged",
            POST_FIELDS,
            lambda said: post_of(said, page=page, tagged=True),
            what.since,
        )
    yield from comments.together(
        streams,
        list(_subjects(channel)),
        lambda subject: _below(channel, subject, what.since),
        cursor,
        max_pages=what.max_pages,
    )


def _below(channel: Facebook, subject: comments.Subject, since: datetime) -> comments.Start:
    return _start(
        channel, f"/{subject.id}/comments", COMMENT_FIELDS,
        lambda said: comment_of(said, page=channel.options.page_id, below=subject.id, about=subject.text), since,
        more={"filter": "stream", "order": "reverse_chronological", "limit": COMMENTS},
    )  # fmt: skip


def _start(
    channel: Facebook,
    path: str,
    fields: str,
    made: Callable[[Mapping[str, Any]], Post],
    since: datetime,
    more: Mapping[str, str] | None = None,
) -> comments.Start:
    def read(place: str | None) -> paging.Leaf:
        asked = {"fields": fields, "limit": SIZE, **(more or {})} | ({"after": place} if place else {})
        said = channel.graph.read(path, asked)
        items = []
        for one in data(said):
            at = moment(one.get("created_time")) or datetime.now(UTC)
            items.append(
                walk.Item(int(at.timestamp()), at, unreadable.read("facebook", one.get("id"), made, one))
            )
        return paging.Leaf(items, after(said))

    return lambda state: paging.onwards(state, read, since=since, window=LATE, ceiling=_soon())


def _subjects(channel: Facebook) -> Iterator[comments.Subject]:
    """Yield the posts of the last weeks with their number of comments."""
    oldest = datetime.now(UTC) - timedelta(days=channel.options.comment_days)
    place: str | None = None
    for _ in range(MOST_LISTS):
        fields = "id,message,created_time,comments.filter(stream).limit(0).summary(true)"
        asked = {"fields": fields, "limit": SIZE} | ({"after": place} if place else {})
        said = channel.graph.read(f"/{channel.options.page_id}/feed", asked)
        found = data(said)
        for one in found:
            at = moment(one.get("created_time"))
            if one.get("id") and (at is None or at >= oldest):
                total = ((one.get("comments") or {}).get("summary") or {}).get("total_count")
                count = total if isinstance(total, int) else None
                yield comments.Subject(str(one["id"]), count, one.get("message"))
        place, before = after(said), place
        last = moment(found[-1].get("created_time")) if found else None
        if place is None or place == before or (last is not None and last < oldest):
            return


def _soon() -> int:
    """Nothing dated later than this may become a cursor."""
    return int(datetime.now(UTC).timestamp()) + 3600
