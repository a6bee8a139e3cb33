"""Reddit: hears posts, comments of chosen subreddits and our inbox, and answers in the thread.

API: https://www.reddit.com/dev/api by praw, for an approved app. Without credentials the public RSS of search and
comments is read, and answers go by hand. Must not touch the database.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from threading import Event
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from listener import unreadable
from listener.addresses import BaseAddress
from listener.channels.base import (
    Absent,
    Attempt,
    Channel,
    Cursor,
    Gone,
    Limits,
    Listen,
    MayReply,
    Options,
    Page,
    Post,
    ReplyMode,
    Sent,
    Unsure,
    by_hand,
)
from listener.channels.reddit import listening, live, replying
from listener.channels.reddit.markdown import MOST, measure
from listener.channels.reddit.oauth import RedditConnector
from listener.channels.reddit.posts import MESSAGE, full_name, gone, post_of
from listener.errors import ChannelError

_SITE, _API = "https://www.reddit.com", "https://oauth.reddit.com"
_LOOKUP = 100  # things of one look-up
_NAME = re.compile(r"\w{2,24}")


class RedditOptions(Options):
    """Options of `source add reddit`; without any, public RSS is read."""

    base_url: BaseAddress = Field(_SITE, description="address of the site")
    oauth_url: BaseAddress | None = Field(None, description="address of the API; follows base_url")
    client_id: str | None = Field(None, description="id of the approved app")
    client_secret: SecretStr | None = Field(None, description="secret of the app")
    username: str | None = Field(None, description="our account, without u/")
    password: SecretStr | None = Field(None, description="password of the account (app of type script)")
    refresh_token: SecretStr | None = Field(None, description="instead of a password (web app, permanent)")
    subreddits: list[str] = Field(
        default_factory=list,
        description="where to read all comments and search; without any, all of Reddit is searched",
        json_schema_extra={"of": "source"},
    )
    inbox: bool = Field(
        default=True,
        description="read mentions, replies and messages to the account",
        json_schema_extra={"of": "source"},
    )
    search: bool = Field(default=True, description="search posts", json_schema_extra={"of": "source"})
    comments: bool = Field(
        default=True, description="read the comments of the subreddits", json_schema_extra={"of": "source"}
    )
    stream: bool = Field(
        default=False,
        description="look at the newest comments of the subreddits every few seconds (needs client_id)",
        json_schema_extra={"of": "source"},
    )

    @property
    def api_url(self) -> str:
        """Where the API is asked."""
        host = urlsplit(self.base_url).hostname or ""
        return self.oauth_url or (_API if host.endswith(".reddit.com") else self.base_url)

    @field_validator("username")
    @classmethod
    def _account(cls, value: str | None) -> str | None:
        return re.sub(r"^/?u/", "", value.strip()) if value else None

    @field_validator("subreddits")
    @classmethod
    def _names(cls, value: list[str]) -> list[str]:
        names = [re.sub(r"^/?r/", "", name.strip()).strip("/") for name in value]
        for name in names:
            if not _NAME.fullmatch(name):
                message = f"{name!r} is not the name of a subreddit"
                raise ValueError(message)
        return list(dict.fromkeys(names))

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        if self.client_id is None and (self.client_secret or self.password or self.refresh_token):
            message = "client_id is missing: make an app in Reddit's preferences"
            raise ValueError(message)
        if self.client_id is not None and self.client_secret is None:
            message = "client_secret is missing: it stands beside client_id in Reddit's preferences"
            raise ValueError(message)
        if self.password is not None and self.username is None:
            message = "username is missing: whose password is it?"
            raise ValueError(message)
        return self


class Reddit(Channel[RedditOptions]):
    """One account, the app alone, or the public view."""

    connector = RedditConnector()

    kind: ClassVar[str] = "reddit"
    title: ClassVar[str] = "Reddit"
    options_type = RedditOptions
    replies: ClassVar[bool] = True
    beside: ClassVar[tuple[str, ...]] = ("inbox", "comments")
    refreshes: ClassVar[int] = 100
    streams: ClassVar[bool] = True

    @classmethod
    def identity_of(cls, options: RedditOptions) -> tuple[str, str]:
        """The account, or else a hash that stands for its token, or the app, or nobody."""
        if options.refresh_token and not options.username:
            digest = hashlib.sha256(options.refresh_token.get_secret_value().encode()).hexdigest()[:16]
            return options.base_url, f"token:{digest}"
        return options.base_url, (options.username or "").lower() or (
            f"app:{options.client_id}" if options.client_id else ""
        )

    @classmethod
    def stream_covers(cls, options: Mapping[str, Any]) -> bool:
        """Only comments are looked at every few seconds."""
        del options
        return False

    @cached_property
    def client(self) -> Any:
        """The library's client on our guarded session."""
        from listener.channels.reddit.client import connect  # noqa: PLC0415 - praw is loaded by those who use it

        def fresh(token: str) -> None:
            before = self.options.refresh_token
            if before is not None and token != before.get_secret_value():
                self.save({"refresh_token": token})

        return connect(self.http, self.options, fresh)

    @property
    def keyless(self) -> bool:
        """Whether only public RSS can be read."""
        return self.options.client_id is None

    @property
    def logged_in(self) -> bool:
        """Whether we act as an account."""
        return self.options.password is not None or self.options.refresh_token is not None

    @property
    def ours(self) -> frozenset[str]:
        """The name of our account, lower case."""
        return frozenset(
            str(name).lower() for name in (self.known.get("username"), self.options.username) if name
        )

    def call(self, what: str, method: str, path: str, **options: Any) -> Any:
        """Ask the API once and return its JSON. Raises HttpError with words for people."""
        from listener.channels.reddit.client import spoken  # noqa: PLC0415 - as above

        with spoken(what):
            return self.client.request(method=method, path=path.lstrip("/"), **options)

    def ask(self, what: str, path: str, **asked: Any) -> Mapping[str, Any]:
        """Read a listing and return its data. Raises HttpError."""
        from listener.channels.reddit.client import data_of  # noqa: PLC0415 - as above

        return data_of(self.call(what, "GET", path, params=asked), what)

    def limits(self) -> Limits:
        """10,000 characters of Markdown; without credentials Reddit is asked gently."""
        return Limits(
            length=MOST if self.logged_in else None,
            unit="characters (those with a meaning in Markdown count twice)",
            measure=measure,
            poll_every=timedelta(minutes=15 if self.keyless else 2),
            read_lag=timedelta(seconds=60),
        )

    def learn(self) -> None:
        """Ask once who we are; remembered in `known`. Raises ChannelError."""
        if not self.logged_in or self.known.get("username"):
            return
        me = self.call("log-in", "GET", "api/v1/me")
        name = str(me.get("name") or "") if isinstance(me, Mapping) else ""
        if not name:
            raise ChannelError("Reddit does not say who we are", permanent=True, attention=True)
        if self.options.username and name.lower() != self.options.username.lower():
            raise ChannelError(
                f"the credentials belong to u/{name}, not to u/{self.options.username}",
                permanent=True,
                attention=True,
                hint="Change username, or connect the account with its own credentials.",
            )
        self.known |= {"username": name, "handle": f"u/{name}", "ours": [name]}

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk inbox, search and comments, then our own comments; see `listening`."""
        self.learn()
        yield from listening.listen(self, what, cursor)

    def stream(self, what: Listen, cursor: Cursor | None, stop: Event) -> Iterator[Page]:
        """Look at the newest comments every few seconds; see `live`."""
        del cursor
        self.learn()
        yield from live.live(self, what, stop)

    def may_reply(self, post: Post) -> MayReply:
        """By the API when logged in and the thread is open."""
        if not self.logged_in:
            return by_hand(
                post, "this Reddit source has no account (password or refresh_token): answer on Reddit"
            )
        if post.extra.get("locked"):
            return by_hand(post, "the moderators have locked this thread: write to them, or to the author")
        if post.extra.get("archived"):
            return by_hand(post, "the thread is archived: Reddit takes no more answers; write to the author")
        return MayReply(ReplyMode.API)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Post one comment (or message) in reply. Raises ChannelError."""
        del key  # Reddit has no idempotency key: `find` looks instead
        if not self.logged_in:
            raise ChannelError(
                "this Reddit account can only read", permanent=True, attention=True,
                hint="Connect it with username and password, or with a refresh_token.",
            )  # fmt: skip
        return replying.reply(self, to, text)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Look for our reply among our comments and in the thread."""
        return replying.find(self, attempt)

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Look things up again, 100 at a time; messages do not change. Raises ChannelError."""
        if self.keyless:
            return
        wanted = [post for post in posts if not post.id.startswith(f"{MESSAGE}_")]
        for at in range(0, len(wanted), _LOOKUP):
            names = ",".join(post.id for post in wanted[at : at + _LOOKUP])
            for thing in self.ask("refresh", "api/info/", id=names).get("children") or []:
                found = unreadable.read("reddit", names, self._now, thing)
                yield from [found] if found is not None else []

    def _now(self, thing: Mapping[str, Any]) -> Post | Gone | None:
        return Gone(full_name(thing)) if gone(thing["data"]) else post_of(thing, ours=self.ours)

    def check(self) -> str:
        """Say as whom we read and whether we can reply. Raises ChannelError."""
        self.known.clear()
        if self.keyless:
            self.http.get(f"{self.options.base_url}/search.rss", params={"q": "reddit", "limit": "1"})
            return "Reddit's public RSS, read-only"
        self.learn()
        if not self.logged_in:
            self.ask("search", "/search", q="reddit", limit=1)
            return f"Reddit as the app {self.options.client_id}, read-only (no account)"
        return f"Reddit as {self.known['handle']}"
