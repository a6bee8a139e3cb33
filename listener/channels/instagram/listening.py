"""Reading an account: the comments below its newest posts, and the posts it is tagged in.

Comments come newest first, but an answer hides inside the comment it answers, however old that is: when the number of
comments of a post has changed, all of its comments of the last weeks are read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from listener import paging, unreadable, walk
from listener.channels.base import Cursor, Listen, Page, Post
from listener.channels.instagram.posts import COMMENT_FIELDS, TAG_FIELDS, comments_of, media_of
from listener.meta import comments
from listener.meta.graph import after, data, moment

if TYPE_CHECKING:
    from listener.channels.instagram import Instagram

LATE = 900  # seconds below the floor that are read again
SIZE = "50"
MOST_LISTS = 4  # pages of our posts that are looked through for new comments
MEDIA_FIELDS = "id,caption,timestamp,permalink,comments_count"


def listen(channel: Instagram, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of all streams."""
    media = {str(one["id"]): one for one in _media(channel)}
    subjects = [
        comments.Subject(
            number, one["comments_count"] if isinstance(one.get("comments_count"), int) else None
        )
        for number, one in media.items()
    ]
    yield from comments.together(
        {"tags": _tags(channel, what.since)} if channel.options.tagged else {},
        subjects,
        lambda subject: _below(channel, media[subject.id], what.since),
        cursor,
        max_pages=what.max_pages,
    )


def _tags(channel: Instagram, since: datetime) -> comments.Start:
    def read(place: str | None) -> paging.Leaf:
        asked = {"fields": TAG_FIELDS, "limit": SIZE} | ({"after": place} if place else {})
        said = channel.graph.read(f"/{channel.options.account_id}/tags", asked)
        items = []
        for one in data(said):
            at = moment(one.get("timestamp")) or datetime.now(UTC)
            made = unreadable.read(
                "instagram", one.get("id"), media_of, one, ours=channel.ours, mention=False
            )
            items.append(walk.Item(int(at.timestamp()), at, made))
        return paging.Leaf(items, after(said))

    return lambda state: paging.onwards(state, read, since=since, window=LATE, ceiling=_soon())


def _below(channel: Instagram, media: dict[str, Any], since: datetime) -> comments.Start:
    window = channel.options.comment_days * 24 * 3600

    def read(place: str | None) -> paging.Leaf:
        asked = {"fields": COMMENT_FIELDS, "limit": SIZE} | ({"after": place} if place else {})
        said = channel.graph.read(f"/{media['id']}/comments", asked)
        items = []
        for one in data(said):
            at = moment(one.get("timestamp")) or datetime.now(UTC)
            made = unreadable.read(
                "instagram", one.get("id"), comments_of, one, ours=channel.ours, media=media
            )
            # an answer stands where the comment it answers stands, whenever it was written
            found: Sequence[Post | None] = made or [None]
            items += [walk.Item(int(at.timestamp()), at, post) for post in found]
        return paging.Leaf(items, after(said))

    return lambda state: paging.onwards(state, read, since=since, window=window, ceiling=_soon())


def _media(channel: Instagram) -> Iterator[dict[str, Any]]:
    """Yield our posts of the last weeks."""
    oldest = datetime.now(UTC) - timedelta(days=channel.options.comment_days)
    place: str | None = None
    for _ in range(MOST_LISTS):
        asked = {"fields": MEDIA_FIELDS, "limit": SIZE} | ({"after": place} if place else {})
        said = channel.graph.read(f"/{channel.options.account_id}/media", asked)
        found = data(said)
        for one in found:
            at = moment(one.get("timestamp"))
            if one.get("id") and (at is None or at >= oldest):
                yield dict(one)
        place, before = after(said), place
        last = moment(found[-1].get("timestamp")) if found else None
        if place is None or place == before or (last is not None and last < oldest):
            return


def _soon() -> int:
    """Nothing dated later than this may become a cursor."""
    return int(datetime.now(UTC).timestamp()) + 3600
