"""Reading Reddit: which listings a source has, and the walk of each.

* `inbox`, `mentions`: what people wrote to our account. * `search:…`: posts by the brand's words; Reddit's search finds
  no comments. * `comments`: all comments of the subreddits, judged here. * `own`: our account's comments, so that a
  colleague's answer given on Reddit is known here.

Listings are newest first, at most about 1,000 deep, and paged by `after=<full name>`; `before` is never used: it is
empty for ever once its post is deleted. Keys are Reddit's own seconds. Without credentials the same walk reads the RSS
of search and comments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

from listener import paging, unreadable, walk
from listener.channels.base import Cursor, Listen, Page
from listener.channels.reddit.posts import at_of, from_entry, post_of
from listener.errors import ChannelError
from listener.pushdown import alternatives, nothing_to_search
from listener.query import Document, Query

if TYPE_CHECKING:
    from listener.channels.reddit import Reddit

Start = Callable[[walk.State | None], Iterator[walk.Step]]
PAGE = 100
LATE_COMMENTS, LATE_POSTS = (
    10 * 60,
    60 * 60,
)  # seconds read again: filtered comments and the search index come late
SEARCH_LENGTH = 480  # characters; Reddit cuts at 512
DEEP = 200  # items read without reaching what was read before: the listing is too short for the gap


@dataclass(slots=True)
class _Depth:
    """Whether a listing ended before it reached what was read before."""

    lost: set[str] = field(default_factory=set)


def listen(channel: Reddit, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of all listings; the cursor has one entry per listing."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    depth = _Depth()
    streams = _streams(channel, what, depth)
    if not streams:
        raise nothing_to_search()
    failed: dict[str, ChannelError] = {}
    for page in walk.together(
        paging.apart(streams, failed, one_server=True), states, max_pages=what.max_pages
    ):
        # Reddit shows no more than it shows: what lies between is noted as missed, and the walk goes on from the top
        yield replace(page, truncated=True) if depth.lost else page
    paging.tell(failed, streams)  # a private subreddit, say: the other listings were read all the same


def searches(queries: Sequence[Query]) -> list[str]:
    """Return Reddit searches (terms joined by AND and OR) that find at least what the queries match."""
    found: list[str] = []
    batch: list[str] = []
    for words in alternatives(queries):
        group = " AND ".join(word if word.startswith('"') else word.lstrip("#@") for word in words)
        if not group:
            continue
        group = f"({group})" if " AND " in group else group
        if batch and len(" OR ".join([*batch, group])) > SEARCH_LENGTH:
            found.append(" OR ".join(batch))
            batch = []
        batch.append(group)
    return list(dict.fromkeys([*found, " OR ".join(batch)] if batch else found))


def _streams(channel: Reddit, what: Listen, depth: _Depth) -> dict[str, Start]:
    options = channel.options
    made: dict[str, Start] = {}
    area = "+".join(options.subreddits)

    about = named_in(channel, what)
    ask = _rss if channel.keyless else listing

    def add(
        name: str, path: str, *, late: int, addressed: bool = False, asked: Mapping[str, str] | None = None
    ) -> None:
        def page(place: str | None) -> paging.Leaf:
            place_of = {"after": place} if place else {}
            return ask(channel, path, {**(asked or {}), **place_of}, addressed=addressed, about=about)

        read = _reader(page, name, depth)
        made[name] = lambda state: paging.onwards(
            state, read(state), since=what.since, window=late, ceiling=_soon()
        )

    if channel.logged_in and options.inbox:
        add("mentions", "/message/mentions", late=LATE_COMMENTS, addressed=True)
        add("inbox", "/message/inbox", late=LATE_COMMENTS, addressed=True)
    if options.search:
        within = {"restrict_sr": "1"} if area else {}
        for text in searches(what.queries):
            asked = {"q": text, "sort": "new", "t": "month", "type": "link", **within}
            add(
                f"search:{area}:{text}",
                f"/r/{area}/search" if area else "/search",
                late=LATE_POSTS,
                asked=asked,
            )
    if area and options.comments:
        add(f"comments:{area}", f"/r/{area}/comments", late=LATE_COMMENTS)
    if channel.logged_in:
        own = f"/user/{channel.known['username']}/comments"
        add("own", own, late=LATE_COMMENTS, asked={"sort": "new"})
    return made


def _reader(
    page: Callable[[str | None], paging.Leaf], name: str, depth: _Depth
) -> Callable[[walk.State | None], Callable[[str | None], paging.Leaf]]:
    def begin(state: walk.State | None) -> Callable[[str | None], paging.Leaf]:
        floor: int | None = (state or {}).get("floor")
        count, first = 0, True

        def read(place: str | None) -> paging.Leaf:
            nonlocal count, first
            leaf = page(place)
            if first and place and not leaf.items and leaf.next is None:
                first = False
                raise paging.PlaceLostError  # what the last run ended at was deleted meanwhile
            first = False
            count += len(leaf.items)
            lowest = min((item.key for item in leaf.items), default=None)
            if (
                leaf.next is None
                and floor is not None
                and count >= DEEP
                and (lowest is None or lowest > floor)
            ):
                depth.lost.add(name)
            return leaf

        return read

    return begin


def named_in(channel: Reddit, what: Listen) -> Callable[[str], bool]:
    """Return what says of a title whether it is about the brand: then everything below it is kept."""

    def about(title: str) -> bool:
        return any(query.matches(Document(text=title, channel=channel.kind)) for query in what.queries)

    return about


def listing(
    channel: Reddit, path: str, asked: Mapping[str, str], *, addressed: bool, about: Callable[[str], bool]
) -> paging.Leaf:
    """Read one page of a listing. Raises HttpError."""
    data = channel.ask(path.strip("/").rpartition("/")[2], path, limit=PAGE, **asked)
    children = data.get("children")
    things = [thing for thing in children if isinstance(thing, Mapping)] if isinstance(children, list) else []
    items = []
    for thing in things:
        at = at_of(thing.get("data") or {})
        post = unreadable.read(
            "reddit", thing.get("kind"), post_of, thing, ours=channel.ours, addressed=addressed, about=about
        )
        items.append(walk.Item(int(at.timestamp()), at, post))
    following = data.get("after")
    return paging.Leaf(items, str(following) if following else None)


def _rss(
    channel: Reddit, path: str, asked: Mapping[str, str], *, addressed: bool, about: Callable[[str], bool]
) -> paging.Leaf:
    """Read one page of RSS; it names no next page, so the last entry is the place until a page is empty."""
    import feedparser  # noqa: PLC0415 - only those without credentials need it

    del addressed
    place = f"{path}.rss" if path.endswith("/search") else f"{path}/.rss"
    answer = channel.http.get(channel.options.base_url + place, params={**asked, "limit": str(PAGE)})
    if b"<!ENTITY" in answer.content:
        raise ChannelError("Reddit's feed declares XML entities, which we do not expand", permanent=True)
    parsed = feedparser.parse(BytesIO(answer.content), sanitize_html=False)
    if not parsed.entries and not parsed.get("version"):
        raise ChannelError(
            "Reddit answered something that is not a feed",
            hint="It may be blocking this address: set client_id and client_secret of an approved app.",
        )
    items = []
    for entry in parsed.entries:
        post = unreadable.read("reddit", entry.get("id"), from_entry, entry, ours=channel.ours, about=about)
        if post is not None:
            items.append(walk.Item(int(post.posted_at.timestamp()), post.posted_at, post))
    return paging.Leaf(items, items[-1].post.id if items and items[-1].post else None)


def _soon() -> int:
    """No second above this may become a cursor."""
    return int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
