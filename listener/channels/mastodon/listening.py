"""Reading one instance: which streams a brand's queries need, and the walk of each.

* `mentions`: notifications of type mention, newest first (their ids are not times).
* `search:…`: full-text search v2, newest first. The instance turns max_id into a date with whole seconds, so a walk
  overlaps by one second (app/services/statuses_search_service.rb).
* `tag:…`: hashtag timelines, upwards by min_id (since_id would skip the middle).
* `own`: our account's statuses, so that a colleague's answer given on the platform is known here.

Posts of other instances arrive late and are filed by their own time: each poll re-reads the last half hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from listener import paging, walk
from listener.channels.base import Cursor, Listen, Page
from listener.channels.mastodon.client import spoken
from listener.channels.mastodon.posts import ONE_SECOND, SNOWFLAKE_BITS, moment, post_of, snowflake
from listener.channels.mastodon.streams import searches, tags
from listener.errors import ChannelError

if TYPE_CHECKING:
    from listener.channels.mastodon import Mastodon

Start = Callable[[walk.State | None], Iterator[walk.Step]]
LATE = 30 * 60 * ONE_SECOND
PAGE = 40  # the most the API gives
OLDEST_SNOWFLAKE = 1 << 52  # smaller ids are counters (old or unusual servers): no time in them


def listen(channel: Mastodon, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of all streams; the cursor has one entry per stream."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    streams = _streams(channel, what)
    if not streams:
        raise ChannelError(
            "nothing to listen to: without access_token only hashtags can be read, and the query has none",
            permanent=True,
            hint="Set access_token, or add tags=… to the source.",
        )
    failed: dict[str, ChannelError] = {}
    yield from walk.together(paging.apart(streams, failed, one_server=True), states, max_pages=what.max_pages)
    paging.tell(failed, streams)


def _streams(channel: Mastodon, what: Listen) -> dict[str, Start]:
    made: dict[str, Start] = {}
    options = channel.options
    if channel.logged_in and options.mentions:
        made["mentions"] = lambda state: walk.down(state, _notifications(channel), since=what.since)
    wanted = [tag.lstrip("#").lower() for tag in options.tags] + tags(what.queries)
    for tag in dict.fromkeys(wanted):
        made[f"tag:{tag}"] = _upwards(channel, tag, what.since)
    if channel.logged_in and options.search:
        for text in searches(what.queries):
            made[f"search:{text}"] = _downwards(channel, text, what.since)
    if channel.logged_in:
        made["own"] = _own(
            channel, what.since
        )  # last: an answer of ours counts only where its thread is known
    return made


def _own(channel: Mastodon, since: datetime) -> Start:
    def read(lower: int) -> Sequence[walk.Item]:
        with spoken(channel.client, "own statuses"):
            found = channel.client.account_statuses(
                channel.known["id"], min_id=lower, limit=PAGE, exclude_reblogs=True
            )
        return _items(channel, found)

    return lambda state: walk.up(state, read, start=snowflake(since), window=LATE)


def _upwards(channel: Mastodon, tag: str, since: datetime) -> Start:
    def read(lower: int) -> Sequence[walk.Item]:
        with spoken(channel.client, f"#{tag}"):
            return _items(channel, channel.client.timeline_hashtag(tag, min_id=lower, limit=PAGE))

    return lambda state: walk.up(state, read, start=snowflake(since), window=LATE)


def _downwards(channel: Mastodon, text: str, since: datetime) -> Start:
    def read(upper: int | None, skip: int) -> Sequence[walk.Item]:
        bound = upper + ONE_SECOND if upper is not None and upper > OLDEST_SNOWFLAKE else upper
        with spoken(channel.client, "search"):
            found = channel.client.search_v2(
                text, resolve=False, result_type="statuses", max_id=bound, offset=skip or None, limit=PAGE
            )
        return _items(channel, found["statuses"])

    return lambda state: walk.down(state, read, since=since, window=LATE)


def _notifications(channel: Mastodon) -> Callable[[int | None, int], Sequence[walk.Item]]:
    def read(upper: int | None, skip: int) -> Sequence[walk.Item]:
        del skip  # max_id is exact here: a page without progress is the end
        with spoken(channel.client, "mentions"):
            found = channel.client.notifications(types=["mention"], max_id=upper, limit=PAGE)
        return [
            walk.Item(
                int(item["id"]),
                moment(item.get("created_at")) or datetime.now(UTC),
                post_of(item["status"], instance=channel.instance, ours=channel.ours, addressed=True)
                if item.get("status")
                else None,
            )
            for item in found
        ]

    return read


def _items(channel: Mastodon, statuses: Sequence[Mapping[str, Any]]) -> list[walk.Item]:
    items = []
    for status in statuses:
        key = int(status["id"])
        # The author may date a post as they like; the id is the server's word.
        at = datetime.fromtimestamp((key >> SNOWFLAKE_BITS) / 1000, UTC) if key > OLDEST_SNOWFLAKE else None
        when = at or moment(status.get("created_at")) or datetime.now(UTC)
        items.append(walk.Item(key, when, post_of(status, instance=channel.instance, ours=channel.ours)))
    return items
