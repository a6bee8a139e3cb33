"""Reading X: which streams a source has, the walk of each, and the budget of paid reads.

* `mentions`: posts that @mention us, from our mentions timeline; only these may be answered by the API.
* `search:…`: recent search (seven days). * `own`: our own posts, so that a colleague's answer on X is known here.

All are newest first and keyed by id, which is the server's time. A run pages by `next_token`; a later run that goes on
with an unfinished walk asks below the id where it stood, because tokens expire. `since_id` keeps a poll from paying
for what was read before; it must not be older than seven days, so after a longer pause the week's start stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from listener import paging, unreadable, walk
from listener.channels.base import Cursor, Listen, Page
from listener.channels.x.posts import (
    FIELDS,
    OLDEST_SNOWFLAKE,
    ONE_SECOND,
    Included,
    following,
    listed,
    moment,
    post_of,
    snowflake,
    versions,
)
from listener.channels.x.searches import searches
from listener.errors import ChannelError, HttpError
from listener.pushdown import nothing_to_search

if TYPE_CHECKING:
    from listener.channels.x import X

Ask = Callable[..., Mapping[str, Any]]
LATE = (
    10 * 60 * ONE_SECOND
)  # read again below the floor; a post is paid for once a day, so this costs nothing
WEEK = timedelta(days=7) - timedelta(minutes=5)
PAGE = 100
LEAST = 10  # the smallest page of a search
EMPTY_PAGES = 5  # in a row: pages of which every post was withheld


@dataclass(slots=True)
class Budget:
    """What a run may still read. `left` as `Listen.reads_left`; `unbilled`: read, and not yet told with a page."""

    left: int | None
    per_day: int | None = None
    unbilled: int = 0

    def room(self) -> int:
        """Return how many posts the next page may hold. Raises ChannelError when the day's reads are used up."""
        if self.left is None:
            return PAGE
        if self.left < LEAST:
            now = datetime.now(UTC)
            midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            raise ChannelError(
                f"the day's budget of {self.per_day or 0:,} reads is used up; it goes on at 00:00 UTC where it stopped",
                retry_after=midnight - now,
                hint="Raise reads_per_day, or make the brand's query narrower.",
            )
        return min(PAGE, self.left)

    def count(self, reads: int) -> None:
        """Take posts that X bills off what is left."""
        self.unbilled += reads
        if self.left is not None:
            self.left = max(0, self.left - reads)

    def bill(self) -> int:
        """Return what was read since the last page, once."""
        reads, self.unbilled = self.unbilled, 0
        return reads


def listen(channel: X, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of all streams with what each costs; the cursor has an entry per stream."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    budget = Budget(what.reads_left, channel.options.reads_per_day)
    streams = _streams(channel, what, budget)
    if not streams:
        raise nothing_to_search()
    failed: dict[str, ChannelError] = {}
    for page in walk.together(
        paging.apart(streams, failed, one_server=True), states, max_pages=what.max_pages
    ):
        yield replace(page, reads=budget.bill())
    paging.tell(
        failed, streams
    )  # a query that X does not take, say: the other streams were read all the same


def _streams(
    channel: X, what: Listen, budget: Budget
) -> dict[str, Callable[[walk.State | None], Iterator[walk.Step]]]:
    asks: dict[str, Ask] = {}
    if channel.user_id and channel.options.mentions:
        asks["mentions"] = lambda **asked: channel.ask(
            "mentions", "get_users_mentions", channel.user_id, **asked
        )
    if channel.options.search:
        for text in searches(what.queries, without=channel.handle, reposts=channel.options.reposts):
            asks[f"search:{text}"] = _searching(channel, text)
    if channel.handle and channel.options.search:
        asks["own"] = _searching(
            channel, f"from:{channel.handle}"
        )  # last: answers count in known threads only

    def start(name: str, ask: Ask) -> Callable[[walk.State | None], Iterator[walk.Step]]:
        def begin(state: walk.State | None) -> Iterator[walk.Step]:
            reader = _Reader(
                channel, ask, state, since=what.since, budget=budget, addressed=name == "mentions"
            )
            return walk.down(state, reader, since=reader.start, window=reader.window, ceiling=_soon())

        return begin

    return {name: start(name, ask) for name, ask in asks.items()}


def _searching(channel: X, text: str) -> Ask:
    def ask(**asked: Any) -> Mapping[str, Any]:
        if "pagination_token" in asked:
            asked["next_token"] = asked.pop("pagination_token")
        return channel.ask("search", "search_recent_tweets", text, **asked)

    return ask


class _Reader:
    """Reads one stream downwards during one run."""

    def __init__(
        self,
        channel: X,
        ask: Ask,
        state: walk.State | None,
        *,
        since: datetime,
        budget: Budget,
        addressed: bool,
    ) -> None:
        self.channel, self.ask, self.budget, self.addressed = channel, ask, budget, addressed
        self.floor: int | None = (state or {}).get("floor")
        timed = self.floor is None or self.floor > OLDEST_SNOWFLAKE
        self.window = LATE if timed else 0
        self.start = max(since, datetime.now(UTC) - WEEK)
        self.asked = False
        self.token: str | None = None
        self.counted: set[str] = set()

    def __call__(self, upper: int | None, skip: int) -> Sequence[walk.Item]:
        """Return the next page; what `skip` counts is behind the token already."""
        del skip
        if self.asked and self.token is None:
            return []
        for _ in range(EMPTY_PAGES):
            place = {} if self.asked else self._place(upper)
            if place is None:
                return []
            tweets, included = self._page(place)
            if tweets or self.token is None:
                break
        return [self._item(tweet, included) for tweet in tweets]

    def _item(self, tweet: Mapping[str, Any], included: Included) -> walk.Item:
        number = int(tweet["id"])
        post = unreadable.read(
            "x", number, post_of, tweet, included, ours=self.channel.ours, addressed=self.addressed
        )
        at = moment(number) if number > OLDEST_SNOWFLAKE or post is None else post.posted_at
        if post is not None and versions(tweet)[1] != str(number):
            post = None  # an old version of an edited post: its latest words are a post of their own on X
        return walk.Item(number, at, post)

    def _place(self, upper: int | None) -> dict[str, Any] | None:
        """Say between which ids to read; None when what is left of a walk is too old for X to show."""
        week_ago = datetime.now(UTC) - WEEK
        place: dict[str, Any] = {}
        if upper is not None:
            if OLDEST_SNOWFLAKE < upper < snowflake(week_ago):
                return None
            place["until_id"] = upper
        lower = None if self.floor is None else self.floor - self.window
        if lower is None or OLDEST_SNOWFLAKE < lower < snowflake(week_ago):
            place["start_time"] = self.start if lower is None else week_ago
        elif lower > 0:
            place["since_id"] = lower
        return place

    def _page(self, place: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], Included]:
        asked = dict(place) | ({"pagination_token": self.token} if self.token else {})
        try:
            answer = self.ask(max_results=self.budget.room(), **FIELDS, **asked)
        except HttpError as error:
            if error.status != HTTPStatus.BAD_REQUEST or not {"since_id", "until_id"} & asked.keys():
                raise
            # our clock and X's disagree about the week: the oldest it allows, then
            asked = {"start_time": datetime.now(UTC) - WEEK + timedelta(minutes=10)}
            answer = self.ask(max_results=self.budget.room(), **FIELDS, **asked)
        self.asked = True
        token = following(answer)
        self.token = token
        tweets = [tweet for tweet in listed(answer.get("data")) if str(tweet.get("id")).isdecimal()]
        fresh = {str(tweet["id"]) for tweet in tweets if self.floor is None or int(tweet["id"]) > self.floor}
        self.budget.count(len(fresh - self.counted))
        self.counted |= fresh
        return tweets, Included.of(answer)


def _soon() -> int:
    """No id above this may become a cursor."""
    return snowflake(datetime.now(UTC) + timedelta(hours=1))
