"""Reading comments: the newest threads of a channel or of videos, and the replies in threads of the last week.

* `channel`, `video:ID`: threads by time, newest first, each with up to five of its replies.
* `replies:…`: a reply does not move its thread up; so every half hour the threads of a week are looked through, and
  where a thread has more replies than it had, all of them are read.

A page costs one unit of 10,000 a day, whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from listener import paging, walk
from listener.api import Api
from listener.channels.base import Cursor, Listen, Page, Post
from listener.channels.youtube.posts import posts_of, reply_of
from listener.errors import ChannelError
from listener.google import GoogleError

Start = Callable[[walk.State | None], Iterator[walk.Step]]
PATH = "/youtube/v3"
PAGE = "100"  # the most the API gives
# what was held for review appears under the time of its writing
LATE = int(timedelta(hours=6).total_seconds())
LOOK_EVERY = timedelta(minutes=30)
LOOK_BACK = timedelta(days=7)
LOOK_PAGES = 10
CHANNEL = "channel"


class Listening:
    """What one source listens to. `ours`: ids of our channels, lower case."""

    def __init__(self, api: Api, channel_id: str | None, video_ids: list[str], ours: frozenset[str]) -> None:
        self.api = api
        self.ours = ours
        self.lists: dict[str, dict[str, str]] = {}
        if channel_id:
            self.lists[CHANNEL] = {"allThreadsRelatedToChannelId": channel_id}
        self.lists |= {f"video:{video}": {"videoId": video} for video in video_ids}

    def pages(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk all lists, then look for replies; a list that fails is told at the end."""
        states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
        streams: dict[str, Start] = {name: self._threads(name, what.since) for name in self.lists}
        streams |= {f"replies:{name}": self._look(name, what.since) for name in self.lists}
        failed: dict[str, ChannelError] = {}
        yield from walk.together(paging.apart(streams, failed), states, max_pages=what.max_pages)
        paging.tell({name.removeprefix("replies:"): error for name, error in failed.items()}, self.lists)

    def replies(self, thread: str) -> Iterator[Mapping[str, Any]]:
        """Yield all replies of a thread. Raises ChannelError."""
        place, seen = "", set[str]()
        while place not in seen:
            seen.add(place)
            asked = {"part": "snippet", "parentId": thread, "maxResults": PAGE, "textFormat": "plainText"}
            found = self.api.read(f"{PATH}/comments", asked | ({"pageToken": place} if place else {}))
            yield from found.get("items") or []
            place = str(found.get("nextPageToken") or "")

    def _threads(self, name: str, since: datetime) -> Start:
        def read(place: str | None) -> paging.Leaf:
            threads, following = self._page(name, place)
            items = [item for thread in threads for item in self._items(name, thread)]
            return paging.Leaf(items, following)

        def start(state: walk.State | None) -> Iterator[walk.Step]:
            ceiling = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
            return paging.onwards(state, read, since=since, window=LATE, ceiling=ceiling)

        return start

    def _page(self, name: str, place: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
        """Return the threads of a page and the token of the next. Raises ChannelError, PlaceLostError."""
        asked = {
            "part": "snippet,replies", "order": "time", "maxResults": PAGE, "textFormat": "plainText",
            **self.lists[name], **({"pageToken": place} if place else {}),
        }  # fmt: skip
        try:
            found = self.api.read(f"{PATH}/commentThreads", asked)
        except GoogleError as error:
            if error.reason == "commentsDisabled":
                return [], None  # nobody can write there, so there is nothing to hear
            if place and error.status == HTTPStatus.BAD_REQUEST:
                raise paging.PlaceLostError from error
            if error.status == HTTPStatus.NOT_FOUND:
                message = f"YouTube has no {name.replace(':', ' ')} that can be read"
                hint = "Check channel_id and video_ids; private and deleted videos cannot be read."
                raise ChannelError(message, permanent=True, hint=hint, status=404) from error
            raise
        following = found.get("nextPageToken")
        return list(found.get("items") or []), str(following) if following else None

    def _items(self, name: str, thread: Mapping[str, Any]) -> Iterator[walk.Item]:
        first, *replies = posts_of(thread, ours=self.ours, addressed=name == CHANNEL)
        for post in (first, *replies):  # all at the thread's place: that is what the list is ordered by
            yield walk.Item(int(first.posted_at.timestamp()), first.posted_at, post)

    def _look(self, name: str, since: datetime) -> Start:
        """Return the look at the replies of a list: a step for each thread that had to be read, then the end."""

        def start(state: walk.State | None) -> Iterator[walk.Step]:
            now = datetime.now(UTC)
            before = dict(state or {})
            if now.timestamp() < float(before.get("at") or 0) + LOOK_EVERY.total_seconds():
                yield walk.Step((), before, done=True)
                return
            # the first look finds a week of replies: a new source reads back no further than it was asked to
            oldest = since.timestamp() if state is None else float(before.get("oldest") or 0)
            counts: dict[str, int] = dict(before.get("counts") or {})
            recent: dict[str, int] = {}
            inline: list[Post] = []
            for thread in self._recent(name, now - LOOK_BACK):
                first, *replies = posts_of(thread, ours=self.ours, addressed=name == CHANNEL)
                total = int((thread.get("snippet") or {}).get("totalReplyCount") or 0)
                recent |= {first.id: total} if total else {}
                if total <= counts.get(first.id, 0):
                    continue
                counts[first.id] = total
                if total <= len(replies):
                    inline += _after(replies, oldest)
                    continue
                whole = [reply_of(reply, first, ours=self.ours) for reply in self.replies(first.id)]
                left = {"at": 0, "counts": dict(counts), "oldest": oldest}
                yield walk.Step([*inline, *_after(whole, oldest)], left, done=False)
                inline = []
            yield walk.Step(inline, {"at": now.timestamp(), "counts": recent}, done=True)

        return start

    def _recent(self, name: str, oldest: datetime) -> Iterator[Mapping[str, Any]]:
        place: str | None = None
        for _ in range(LOOK_PAGES):
            try:
                threads, place = self._page(name, place)
            except paging.PlaceLostError:
                return  # the next look begins at the top
            yield from threads
            last = posts_of(threads[-1], ours=self.ours, addressed=False)[0] if threads else None
            if place is None or (last is not None and last.posted_at < oldest):
                return


def _after(posts: Sequence[Post], oldest: float) -> list[Post]:
    return [post for post in posts if post.posted_at.timestamp() >= oldest]
