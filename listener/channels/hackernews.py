"""Hacker News through Algolia's search: stories and comments; answers go by hand, there is no API for them.

https://hn.algolia.com/api . Newest first by server time; a page holds at most 1,000 hits of one query, so the walk goes
down by time, not by page number. Must not touch the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

import requests
from pydantic import Field

from listener import walk
from listener.addresses import BaseAddress
from listener.channels.base import (
    Channel,
    Cursor,
    Gone,
    Limits,
    Listen,
    MayReply,
    Options,
    Page,
    Post,
    PostAuthor,
    ReplyMode,
)  # fmt: skip
from listener.errors import ChannelError, HttpError
from listener.pushdown import nothing_to_search, searches
from listener.text import from_html

PAGE = 100
LATE = 3600  # seconds below the floor that are read again: the index runs behind, and comments are edited for an hour
SITE = "https://news.ycombinator.com"


class HackerNewsOptions(Options):
    """Options of `source add hackernews`; none is needed."""

    base_url: BaseAddress = Field("https://hn.algolia.com", description="address of the search API")
    kinds: list[str] = Field(
        default_factory=lambda: ["story", "comment"],
        description="what to read: story, comment",
        json_schema_extra={"of": "source"},
    )


class HackerNews(Channel[HackerNewsOptions]):
    """The public search; one account for everybody."""

    kind: ClassVar[str] = "hackernews"
    title: ClassVar[str] = "Hacker News"
    options_type = HackerNewsOptions
    refreshes: ClassVar[int] = 50

    @classmethod
    def identity_of(cls, options: HackerNewsOptions) -> tuple[str, str]:
        """There is one public identity per server."""
        return options.base_url, ""

    def limits(self) -> Limits:
        """No replies; the API allows 10,000 requests an hour."""
        return Limits(poll_every=timedelta(minutes=5))

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk each search of the queries down to where the last run ended."""
        states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
        streams = {text: self._reader(text) for text in searches(what.queries)}
        if not streams:
            raise nothing_to_search()
        yield from walk.together(
            {
                text: lambda state, read=read: walk.down(  # type: ignore[misc]  # the default binds the loop's value
                    state, read, since=what.since, window=LATE, ceiling=_soon()
                )
                for text, read in streams.items()
            },
            states,
            max_pages=what.max_pages,
        )

    def may_reply(self, post: Post) -> MayReply:
        """Always by hand."""
        del post
        return MayReply(ReplyMode.LINK, "Hacker News has no API for replies: open the post and answer there")

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read items one by one."""
        for post in posts:
            try:
                item = self._ask(f"/api/v1/items/{post.id}", {})
            except HttpError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                yield Gone(post.id, post.instance)
                continue
            if item.get("text") is None and item.get("title") is None:
                yield Gone(post.id, post.instance)  # deleted or dead: the item stays without words
                continue
            yield _post({**item, "objectID": item["id"], "comment_text": item.get("text"), "_tags": []})

    def check(self) -> str:
        """Ask for one hit. Raises ChannelError."""
        found = self._ask("/api/v1/search_by_date", {"hitsPerPage": "1"})
        return f"{self.options.base_url}: answers, {found.get('nbHits', '?')} items"

    def _reader(self, text: str) -> Callable[[int | None, int], Sequence[walk.Item]]:
        def read(upper: int | None, skip: int) -> Sequence[walk.Item]:
            if skip % PAGE:
                return []  # the page before was not full: there is nothing below it
            asked = {
                "query": text,
                "tags": f"({','.join(self.options.kinds)})",
                "typoTolerance": "false",
                "advancedSyntax": "true",
                "hitsPerPage": str(PAGE),
                "page": str(skip // PAGE),
            }
            if upper is not None:
                asked["numericFilters"] = (
                    f"created_at_i<={upper}"  # equal seconds again: they are de-duplicated
                )
            hits = self._ask("/api/v1/search_by_date", asked).get("hits") or []
            return [
                walk.Item(
                    int(hit["created_at_i"]),
                    datetime.fromtimestamp(int(hit["created_at_i"]), UTC),
                    _post(hit),
                )
                for hit in hits
            ]

        return read

    def _ask(self, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
        answer: requests.Response = self.http.get(self.options.base_url + path, params=dict(asked))
        try:
            found = answer.json()
        except (json.JSONDecodeError, requests.JSONDecodeError) as error:
            raise ChannelError(
                "Hacker News search answers something that is not JSON",
                hint="Check base_url; else try again later.",
            ) from error
        if not isinstance(found, dict):
            raise ChannelError("Hacker News search answers JSON of an unknown shape", hint="Check base_url.")
        return found


def _soon() -> int:
    """Nothing the server dates later than this may become a cursor."""
    return int((datetime.now(UTC) + timedelta(hours=1)).timestamp())


def _post(hit: Mapping[str, Any]) -> Post:
    number = str(hit["objectID"])
    is_comment = hit.get("comment_text") is not None and hit.get("title") is None
    author = str(hit.get("author") or "")
    parts = [hit.get("comment_text") or hit.get("story_text") or hit.get("text") or ""]
    if not is_comment and hit.get("url"):
        parts.append(str(hit["url"]))
    return Post(
        id=number,
        text="\n".join(from_html(str(part)) for part in parts if part)
        or from_html(str(hit.get("title") or "")),
        title=from_html(str(hit["title"])) if hit.get("title") else None,
        posted_at=datetime.fromtimestamp(int(hit["created_at_i"]), UTC),
        kind="comment" if is_comment else "post",
        author=PostAuthor(author, author, url=f"{SITE}/user?id={author}") if author else None,
        url=f"{SITE}/item?id={number}",
        language="en",
        thread_id=str(hit["story_id"]) if hit.get("story_id") else number,
        parent_id=str(hit["parent_id"]) if hit.get("parent_id") else None,
        engagement={
            name: int(hit[field])
            for name, field in (("likes", "points"), ("replies", "num_comments"))
            if isinstance(hit.get(field), int)
        },
        raw=dict(hit),
    )
