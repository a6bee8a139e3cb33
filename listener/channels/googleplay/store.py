"""The store's own page, without a key: the newest reviews in one language and country, read-only.

Not a documented interface: it is what the page itself asks (`batchexecute`, RPC oCPfdb) and may change without notice;
then the source says so. The answer is JSON after a guard line, with the reviews as JSON text inside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from listener import paging, walk
from listener.channels.base import Cursor, Listen, Page
from listener.channels.googleplay.posts import post_of_row
from listener.channels.googleplay.publisher import LATE, ceiling, row
from listener.errors import ChannelError, HttpError
from listener.http import Http
from listener.text import from_html

RPC = "oCPfdb"
GUARD = ")]}'"
NEWEST = 2
COUNT = 100
TOO_FAST = "PlayGatewayError"
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)


class Store:
    """The pages of one app in one country."""

    def __init__(self, http: Http, base_url: str, package: str, country: str) -> None:
        self.http = http
        self.base_url = base_url.rstrip("/")
        self.package = package
        self.country = country

    def listen(self, languages: Sequence[str], what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the reviews of each language."""
        states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
        failed: dict[str, ChannelError] = {}
        streams = {f"store:{language}": self._start(language, what.since) for language in languages}
        yield from walk.together(paging.apart(streams, failed), states, max_pages=what.max_pages)
        paging.tell(failed, streams)

    def check(self) -> str:
        """Ask for the app's page. Raises ChannelError when there is none."""
        try:
            page = self.http.get(
                f"{self.base_url}/store/apps/details",
                params={"id": self.package, "hl": "en", "gl": self.country},
            )
        except HttpError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                message = f"Google Play has no app {self.package} in {self.country!r}"
                raise ChannelError(message, permanent=True, hint="Check package_name and country.") from error
            raise
        found = _TITLE.search(page.text[:200_000])
        name = from_html(found[1]).strip() if found else self.package
        return f"{name} ({self.package}, {self.country}): read-only, answers by hand"

    def _start(self, language: str, since: datetime) -> Callable[[walk.State | None], Iterator[walk.Step]]:
        def read(place: str | None) -> paging.Leaf:
            rows, following = self._ask(language, place)
            items: list[walk.Item] = []
            for one in rows:
                post, answer = post_of_row(one, self.package, language)
                items += row(post, answer)
            return paging.Leaf(items, following)

        return lambda state: paging.onwards(state, read, since=since, window=LATE, ceiling=ceiling())

    def _ask(self, language: str, place: str | None) -> tuple[list[list[Any]], str | None]:
        size = [COUNT, None, place] if place else [COUNT]
        inner = [None, [2, NEWEST, size, None, [None] * 9], [self.package, 7]]
        asked = json.dumps([[[RPC, json.dumps(inner, separators=(",", ":")), None, "generic"]]])
        answer = self.http.request(
            "POST",
            f"{self.base_url}/_/PlayStoreUi/data/batchexecute",
            params={"hl": language, "gl": self.country},
            data={"f.req": asked},
        )
        if TOO_FAST in answer.text:
            raise HttpError(
                "Google Play wants to be asked less often",
                status=int(HTTPStatus.TOO_MANY_REQUESTS),
                retry_after=timedelta(minutes=5),
                hint="Nothing to do: it goes on by itself.",
            )
        return _reviews(answer.text)


def _reviews(body: str) -> tuple[list[list[Any]], str | None]:
    """Return the rows and the token of an answer. Raises ChannelError where its shape is not the known one."""
    try:
        if not body.startswith(GUARD):
            raise ValueError(GUARD)  # noqa: TRY301 - said below with the rest
        envelope = json.loads(body.removeprefix(GUARD))
        inner = next(one[2] for one in envelope if one[0] == "wrb.fr" and one[1] == RPC)
        found = json.loads(inner) if inner else []
        rows = [one for one in (found[0] if found and found[0] else []) if isinstance(one, list) and one]
        token = found[-2][-1] if len(found) > 1 and isinstance(found[-2], list) and found[-2] else None
    except (ValueError, TypeError, LookupError, StopIteration) as error:
        raise ChannelError(
            "the page of Google Play has changed: its reviews can no longer be read without a key",
            permanent=True,
            hint="Set service_account, or wait for a new version of All Ears.",
        ) from error
    return rows, token if isinstance(token, str) else None
