"""RSS and Atom: the newest entries of one address, fetched by us and parsed by feedparser; no replies.

The cursor holds ETag, Last-Modified and the ids of the last reading: an entry that appears later is stored even when
it is dated long ago. Must not touch the database, and never lets feedparser fetch or open anything itself.
"""

from __future__ import annotations

import hashlib
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

import feedparser
import requests
from pydantic import Field

from listener.addresses import Address
from listener.channels.base import Channel, Cursor, Limits, Listen, Options, Page, Post, PostAuthor
from listener.errors import ChannelError
from listener.text import from_html

MOST_ENTRIES = 2000
REMEMBERED = 3000
_TAIL = 2000  # bytes in which the end of a feed stands; comments of caches may follow it
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"


class FeedOptions(Options):
    """Options of `source add feed`."""

    url: Address = Field(description="address of the RSS or Atom feed")


class Feed(Channel[FeedOptions]):
    """One feed; it has no identity besides its address."""

    kind: ClassVar[str] = "feed"
    title: ClassVar[str] = "Feed"
    options_type = FeedOptions

    @classmethod
    def identity_of(cls, options: FeedOptions) -> tuple[str, str]:
        """The address is the identity."""
        return options.url[:300], ""

    @property
    def instance(self) -> str:
        """Host of the feed: entry ids are unique within it."""
        return urlsplit(self.options.url).netloc.lower()

    def limits(self) -> Limits:
        """Feeds are asked gently."""
        return Limits(poll_every=timedelta(minutes=15))

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Fetch once; yield the entries that are new, or recent enough to have been edited."""
        before = dict(cursor or {})
        answer = self._fetch(before)
        if answer.status_code == requests.codes.not_modified:
            yield Page((), before or None)
            return
        parsed = self._parse(answer)
        remembered = set(before.get("known") or ())
        posts, names = [], []
        cut = _is_cut(answer.content, str(parsed.get("version") or ""))
        # the last entry of a feed that was cut is a torso
        for entry in parsed.entries[: -1 if cut else None][:MOST_ENTRIES]:
            post = self._post(entry, parsed.feed)
            name = hashlib.sha256(post.id.encode("utf-8", "replace")).hexdigest()[:16]
            names.append(name)
            old = post.posted_at < what.since
            if not old or (cursor is not None and name not in remembered):
                posts.append(post)
        # a reading that shares nothing with the last one: entries may have come and gone in between
        gap = bool(remembered) and bool(names) and not remembered.intersection(names)
        if cut:
            # the next poll asks as if this one had not been: "unchanged since" would hide the rest for good
            yield Page(posts, before or None)
            raise ChannelError(
                f"{self.options.url} ends in the middle: it was cut on its way",
                hint="What could be read is kept; the rest is tried again by itself.",
            )
        yield Page(
            posts,
            {
                "v": 1,
                "etag": answer.headers.get("ETag"),
                "modified": answer.headers.get("Last-Modified"),
                "known": names[:REMEMBERED],
            },
            truncated=gap or len(parsed.entries) > MOST_ENTRIES,
        )

    def check(self) -> str:
        """Fetch and parse. Raises ChannelError."""
        parsed = self._parse(self._fetch({}))
        return (
            f"{from_html(str(parsed.feed.get('title') or self.options.url))}: {len(parsed.entries)} entries"
        )

    def _fetch(self, before: Mapping[str, Any]) -> requests.Response:
        headers = {"Accept": ACCEPT}
        if before.get("etag"):
            headers["If-None-Match"] = str(before["etag"])
        if before.get("modified"):
            headers["If-Modified-Since"] = str(before["modified"])
        answer: requests.Response = self.http.get(self.options.url, headers=headers)
        return answer

    def _parse(self, answer: requests.Response) -> Any:
        body = answer.content
        if b"<!ENTITY" in body:
            raise ChannelError("the feed declares XML entities, which we do not expand", permanent=True)
        headers = {"content-type": answer.headers.get("Content-Type", ""), "content-location": answer.url}
        parsed = feedparser.parse(BytesIO(body), response_headers=headers, sanitize_html=False)
        if parsed.entries or parsed.get("version"):
            return parsed
        if "html" in headers["content-type"].lower() or b"<html" in body[:2000].lower():
            raise _not_a_feed(answer)
        problem = parsed.get("bozo_exception")
        where = f" ({type(problem).__name__}: {str(problem)[:120]})" if problem else ""
        raise ChannelError(
            f"{self.options.url} is not a feed{where}", hint="Open the address in a browser: is it XML?"
        )

    def _post(self, entry: dict[str, Any], feed: Mapping[str, Any]) -> Post:
        title = from_html(str(entry.get("title") or ""))
        contents = [str(part.get("value") or "") for part in entry.get("content") or []]
        body = from_html(max([*contents, str(entry.get("summary") or "")], key=len))
        link = str(entry.get("link") or "")
        published, updated = _instant(entry, "published_parsed"), _instant(entry, "updated_parsed")
        name = str(entry.get("author") or "")
        return Post(
            id=str(entry.get("id") or _digest(link, title, body)),
            text=body or title,
            title=title or None,
            posted_at=published or updated or datetime.now(UTC),
            edited_at=updated if published and updated and updated > published else None,
            instance=self.instance,
            author=PostAuthor(id=name.lower(), name=name) if name else None,
            url=urljoin(self.options.url, link) if link else None,
            language=str(entry.get("language") or feed.get("language") or "") or None,
            media=tuple(
                {"type": str(item.get("type") or ""), "url": str(item.get("href") or "")}
                for item in entry.get("enclosures") or []
            ),
            raw={key: value for key, value in entry.items() if not key.endswith("_parsed")},
        )


def _is_cut(body: bytes, version: str) -> bool:
    """Tell whether RSS or Atom lacks its end, in whatever encoding; of other formats nobody knows."""
    known = version.startswith(("rss", "atom"))
    return known and _END.search(body[-_TAIL:].replace(b"\0", b"")) is None


def _instant(entry: dict[str, Any], name: str) -> datetime | None:
    # feedparser's own look-up takes `published` for a missing `updated`, with a warning
    value = dict.__getitem__(entry, name) if dict.__contains__(entry, name) else None
    if not value:
        return None
    try:
        return datetime.fromtimestamp(timegm(value), UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def _digest(*parts: str) -> str:
    """Stand in for a missing guid: an entry with the same link and words is the same entry."""
    return "sha256:" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {key: value or "" for key, value in attrs}
        if (
            tag == "link"
            and "alternate" in named.get("rel", "").lower().split()
            and named.get("type", "").lower() in {"application/rss+xml", "application/atom+xml"}
            and named.get("href")
        ):
            self.found.append(named["href"])


def _not_a_feed(answer: requests.Response) -> ChannelError:
    reader = _Links()
    reader.feed(answer.text[:500_000])
    found = [urljoin(answer.url, link) for link in dict.fromkeys(reader.found)][:3]
    look = f"The page names {', '.join(found)}." if found else "The page names none."
    return ChannelError(
        'the address answers HTML, not a feed; look for the link rel="alternate" in its source',
        hint=f"{look} Set url=… to the feed's own address.",
    )
