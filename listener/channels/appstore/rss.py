"""The store's public review feed: 50 reviews a page, 10 pages a country, no key, no replies.

One stream per country, newest change first; keys are seconds since 1970. Old feeds carry no dates: then each poll
reads the first page, and the moment of the feed stands for the date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from listener import paging, walk
from listener.api import Api
from listener.channels.appstore.posts import entries, label, post_of_entry
from listener.channels.base import Cursor, Listen, Page
from listener.errors import ChannelError, HttpError
from listener.instants import instant

LAST_PAGE = 10
LATE = int(timedelta(days=2).total_seconds())  # reviews reach the feed hours after they were written
NEVER = 1 << 60  # the key of what has no date: above every ceiling, so that it never becomes a cursor
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def listen(
    api: Api, app_id: str, countries: Sequence[str], what: Listen, cursor: Cursor | None
) -> Iterator[Page]:
    """Yield the pages of all countries; a country that fails is told at the end."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    failed: dict[str, ChannelError] = {}
    cut: set[str] = set()
    streams = {country: _country(api, app_id, country, what.since, cut) for country in countries}
    last: Page | None = None
    for page in walk.together(paging.apart(streams, failed), states, max_pages=what.max_pages):
        last = page
        yield page
    if cut and last is not None:  # the feed ends before what was read last: the ledger must say so
        yield Page((), last.cursor, truncated=True)
    paging.tell(failed, streams)


def check(api: Api, app_id: str, countries: Sequence[str]) -> str:
    """Say which app it is. Raises ChannelError when a country's store has none of this id."""
    for country in countries:
        try:
            found = api.read("/lookup", {"id": app_id, "country": country})
        except HttpError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            read_page(api, app_id, country, 1)
            continue
        if not found.get("resultCount"):
            message = f"the App Store of {country!r} has no app {app_id}"
            hint = "Check app_id (the number in the app's address) and countries."
            raise ChannelError(message, permanent=True, hint=hint)
    return f"app {app_id} in {', '.join(countries)}: read-only feed, answers by hand"


def read_page(api: Api, app_id: str, country: str, page: int) -> list[walk.Item]:
    """Return the reviews of a page in the feed's order. Raises ChannelError."""
    path = f"/{country}/rss/customerreviews/page={page}/id={app_id}/sortby=mostrecent/json"
    feed: Any = api.read(path).get("feed")
    if not isinstance(feed, dict):
        raise ChannelError("the App Store's feed has an unknown shape", hint="Check base_url.")
    seen = instant(label(feed, "updated")) or datetime.now(UTC)
    items = []
    for entry in entries(feed):
        post, changed = post_of_entry(entry, app_id=app_id, country=country, seen=seen)
        key = int(changed.timestamp()) if changed else NEVER
        items.append(walk.Item(key, changed or LONG_AGO, post))
    return items


def _country(
    api: Api, app_id: str, country: str, since: datetime, cut: set[str]
) -> Callable[[walk.State | None], Iterator[walk.Step]]:
    """Return the walk of one country's feed. `cut` takes the country when the feed's last page does not reach back."""

    def start(state: walk.State | None) -> Iterator[walk.Step]:
        floor = (state or {}).get("floor") or int(since.timestamp())

        def read(page: int) -> tuple[Sequence[walk.Item], bool]:
            items = read_page(api, app_id, country, page)
            if page == LAST_PAGE and items and floor < min(item.key for item in items) < NEVER:
                cut.add(country)
            return items, bool(items) or page > 1

        ceiling = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        return paging.onwards(
            state, paging.numbered(read, last=LAST_PAGE), since=since, window=LATE, ceiling=ceiling
        )

    return start
