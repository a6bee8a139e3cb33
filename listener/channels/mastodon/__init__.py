"""Mastodon: hears mentions, search and hashtags of one instance, and answers in the thread.

API: https://docs.joinmastodon.org/api/ . Without `access_token` only hashtag timelines are read (where the instance
shows them to everybody) and replies go by hand. Must not touch the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from threading import Event
from typing import Any, ClassVar

import regex
from pydantic import Field, SecretStr

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
)
from listener.channels.mastodon import listening, live, replying
from listener.channels.mastodon.client import connect, spoken
from listener.channels.mastodon.length import measure
from listener.channels.mastodon.oauth import MastodonConnector
from listener.channels.mastodon.posts import host_of, post_of
from listener.errors import ChannelError, HttpError

DEFAULT_LENGTH = 500
NOT_PUBLIC = frozenset({"direct", "private"})


class MastodonOptions(Options):
    """Options of `source add mastodon`."""

    base_url: BaseAddress = Field("https://mastodon.social", description="address of the instance")
    access_token: SecretStr | None = Field(
        None, description="scopes read, write:statuses; without it read-only"
    )
    api_version: str = Field("4.3.0", pattern=r"^\d+\.\d+\.\d+$", description="API level the instance speaks")
    tags: list[str] = Field(
        default_factory=list,
        description="more hashtags to read, comma-separated",
        json_schema_extra={"of": "source"},
    )
    search: bool = Field(
        default=True, description="search posts (needs access_token)", json_schema_extra={"of": "source"}
    )
    mentions: bool = Field(
        default=True, description="read mentions of the account", json_schema_extra={"of": "source"}
    )
    stream: bool = Field(
        default=False,
        description="hear mentions and hashtags at once (needs access_token); search goes on by polls",
        json_schema_extra={"of": "source"},
    )
    stream_url: str | None = Field(
        None,
        description="address of the streaming API; the instance says it itself",
        pattern=r"^(https?|wss?)://",
    )


class Mastodon(Channel[MastodonOptions]):
    """One account (or the public view) of one instance."""

    connector = MastodonConnector()

    kind: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon"
    options_type = MastodonOptions
    replies: ClassVar[bool] = True
    beside: ClassVar[tuple[str, ...]] = ("mentions",)
    refreshes: ClassVar[int] = 50
    streams: ClassVar[bool] = True

    @classmethod
    def identity_of(cls, options: MastodonOptions) -> tuple[str, str]:
        """Two sources with the same instance and token share an account; a hash stands for the token."""
        token = options.access_token.get_secret_value() if options.access_token else ""
        return options.base_url, replying.digest(token) if token else ""

    @classmethod
    def stream_covers(cls, options: Mapping[str, Any]) -> bool:
        """Search cannot be streamed."""
        return not options.get("search", True)

    @property
    def instance(self) -> str:
        """Host of the instance: ids are unique within it."""
        return host_of(self.options.base_url)

    @cached_property
    def client(self) -> Any:
        """The library's client on our guarded session."""
        token = self.options.access_token.get_secret_value() if self.options.access_token else None
        return connect(self.http, self.options.base_url, token, self.options.api_version)

    @property
    def logged_in(self) -> bool:
        """Whether there is an access token."""
        return self.options.access_token is not None

    @property
    def ours(self) -> frozenset[str]:
        """Ids and handles of our account here, lower case, as learnt by `learn`."""
        return frozenset(str(name).lower() for name in self.known.get("ours", ()))

    def limits(self) -> Limits:
        """The instance's own length rule once it was asked, Mastodon's default before."""
        url_length = int(self.known.get("url_length", 23))
        return Limits(
            length=int(self.known.get("max_characters", DEFAULT_LENGTH)) if self.logged_in else None,
            unit="characters (a link counts as 23, @name@host as @name)",
            measure=lambda text: measure(text, url_length=url_length),
            poll_every=timedelta(minutes=1 if self.logged_in else 5),
            read_lag=timedelta(seconds=15),
        )

    def learn(self) -> None:
        """Ask once who we are and how long a status may be; remembered in `known`. Raises ChannelError."""
        if self.logged_in and not self.known.get("handle"):
            with spoken(self.client, "log-in"):
                me = self.client.account_verify_credentials()
            acct = str(me["acct"])
            self.known |= {
                "id": str(me["id"]),
                "handle": f"@{acct}",
                "ours": [str(me["id"]), acct, f"{acct}@{self.instance}"],
            }
        if "max_characters" not in self.known:
            with spoken(self.client, "instance"):
                said = self.client.instance()
            statuses = dict((said.get("configuration") or {}).get("statuses") or {})
            self.known["max_characters"] = int(
                statuses.get("max_characters") or said.get("max_toot_chars") or DEFAULT_LENGTH
            )
            self.known["url_length"] = int(statuses.get("characters_reserved_per_url") or 23)

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk mentions, then searches, then hashtags; see `listening`."""
        self.learn()
        return listening.listen(self, what, cursor)

    def stream(self, what: Listen, cursor: Cursor | None, stop: Event) -> Iterator[Page]:
        """Hear mentions and hashtags as they come; see `live`."""
        del cursor
        self.learn()
        yield from live.live(self, what, stop)

    def may_reply(self, post: Post) -> MayReply:
        """By the API when logged in; a private post can only be answered where it is."""
        if not self.logged_in:
            return MayReply(
                ReplyMode.LINK if post.url else ReplyMode.NONE,
                "this Mastodon source has no access_token: open the post and answer there",
            )
        return MayReply(ReplyMode.API)

    def compose(self, to: Post, text: str) -> str:
        """Return what will be public: the author is mentioned in front unless the text does it already."""
        acct = str(to.extra.get("acct") or (to.author.handle if to.author else "") or "")
        if not acct or regex.search(
            rf"(?<![\w/])@{regex.escape(acct)}(?![\w@.-]*\w)", text, regex.IGNORECASE
        ):
            return text
        return f"@{acct} {text}"

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Post once, with an Idempotency-Key, in reply, as visible as the post. Raises ChannelError."""
        if not self.logged_in:
            raise ChannelError("no access_token: this account cannot post", permanent=True, attention=True)
        return replying.reply(self, to, text, key=key)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Look for our reply under the parent, then among our account's statuses."""
        return replying.find(self, attempt)

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read statuses one by one; a 404 means deleted or hidden from us. Raises ChannelError."""
        for post in posts:
            try:
                with spoken(self.client, "refresh"):
                    status = self.client.status(post.id)
            except HttpError as error:
                if error.status not in {404, 410}:
                    raise
                yield Gone(post.id, post.instance)
                continue
            yield post_of(status, instance=self.instance, ours=self.ours)

    def check(self) -> str:
        """Log in and read the instance's rules. Raises ChannelError."""
        self.known.clear()
        self.learn()
        who = self.known["handle"] if self.logged_in else "nobody (read-only, hashtags)"
        return f"{self.instance} as {who}, {self.known['max_characters']} characters a post"
