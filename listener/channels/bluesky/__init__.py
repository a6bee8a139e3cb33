"""Bluesky: hears mentions, answers, quotes and search, and answers in the thread.

AT Protocol by our own HTTP client: https://docs.bsky.app . `base_url` is the account's server (PDS). Must not touch the
database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from threading import Event
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

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
from listener.channels.bluesky import listening, live, replying
from listener.channels.bluesky.posts import post_of
from listener.channels.bluesky.richtext import MOST_GRAPHEMES, measure
from listener.channels.bluesky.session import Session, XrpcError, views_of
from listener.said import mark

_LOOKUP = 25  # posts of one look-up
_CLOSED = {
    "blocked": mark("the author and this account have blocked each other: an answer would not be shown"),
    "limited": mark("the author has limited who may answer: an answer would not be shown"),
}


class BlueskyOptions(Options):
    """Options of `source add bluesky`."""

    base_url: BaseAddress = Field("https://bsky.social", description="address of the account's server")
    handle: str = Field(description="handle of the account, as acme.bsky.social", min_length=3)
    app_password: SecretStr = Field(description="app password, not the account's own password")
    session: SecretStr | None = Field(
        None,
        description="kept by All Ears itself, so that it logs in rarely: leave it",
        json_schema_extra={"hidden": True},
    )
    notifications: bool = Field(
        default=True,
        description="read what mentions, answers or quotes the account",
        json_schema_extra={"of": "source"},
    )
    search: bool = Field(default=True, description="search posts", json_schema_extra={"of": "source"})
    stream: bool = Field(
        default=False,
        description="hear posts at once, by Jetstream; polls go on, more slowly",
        json_schema_extra={"of": "source"},
    )
    stream_url: str = Field(
        "wss://jetstream2.us-east.bsky.network",
        description="address of a Jetstream",
        pattern=r"^wss?://",
        json_schema_extra={"of": "source"},
    )

    @field_validator("handle")
    @classmethod
    def _name(cls, value: str) -> str:
        return value.strip().removeprefix("@").lower()


class Bluesky(Channel[BlueskyOptions]):
    """One account."""

    kind: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    options_type = BlueskyOptions
    replies: ClassVar[bool] = True
    beside: ClassVar[tuple[str, ...]] = ("notifications",)
    refreshes: ClassVar[int] = 100
    streams: ClassVar[bool] = True

    @classmethod
    def identity_of(cls, options: BlueskyOptions) -> tuple[str, str]:
        """The handle on its server."""
        return options.base_url, options.handle

    @cached_property
    def session(self) -> Session:
        """The log-in."""
        return Session(self.http, self.options, self.save, self._remember)

    @property
    def did(self) -> str:
        """Our account's lasting id, once learnt."""
        return str(self.known.get("id") or "")

    @property
    def ours(self) -> frozenset[str]:
        """DID and handle of our account, lower case."""
        return frozenset(str(name).lower() for name in (self.did, self.known.get("username")) if name)

    def limits(self) -> Limits:
        """300 graphemes and 3,000 bytes."""
        return Limits(
            length=MOST_GRAPHEMES,
            unit="characters (and 3,000 bytes)",
            measure=measure,
            poll_every=timedelta(minutes=1),
            read_lag=timedelta(seconds=15),
        )

    def learn(self) -> None:
        """Ask once who we are; remembered in `known`. Raises ChannelError."""
        if not self.did:
            self._remember(self.session.read("log-in", "com.atproto.server.getSession", {}))

    def resolve(self, handle: str) -> str | None:
        """Return the DID of a handle, None when nobody has it. Raises ChannelError."""
        try:
            said = self.session.read("mention", "com.atproto.identity.resolveHandle", {"handle": handle})
        except XrpcError as error:
            if error.permanent and not error.attention:
                return None
            raise
        return str(said["did"]) if said.get("did") else None

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk notifications, then searches, then our own posts; see `listening`."""
        self.learn()
        yield from listening.listen(self, what, cursor)

    def stream(self, what: Listen, cursor: Cursor | None, stop: Event) -> Iterator[Page]:
        """Pick what concerns us out of everybody's posts; see `live`."""
        self.learn()
        yield from live.live(self, what, cursor, stop)

    def may_reply(self, post: Post) -> MayReply:
        """By the API, unless Bluesky would store the answer and not show it."""
        why = _CLOSED.get(str(post.extra.get("closed") or ""))
        return by_hand(post, why) if why else MayReply(ReplyMode.API)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Post one record in reply. Raises ChannelError."""
        return replying.reply(self, to, text, key=key)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Look for our record."""
        return replying.find(self, attempt)

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Look posts up again, 25 at a time; one that is not shown any more is gone. Raises ChannelError."""
        self.learn()
        for at in range(0, len(posts), _LOOKUP):
            batch = posts[at : at + _LOOKUP]
            said = self.session.read(
                "refresh", "app.bsky.feed.getPosts", {"uris": [post.id for post in batch]}
            )
            views = {str(view.get("uri")): view for view in views_of(said, "posts", "refresh")}
            for post in batch:
                if post.id not in views:
                    yield Gone(post.id, post.instance)
                    continue
                found = unreadable.read("bluesky", post.id, post_of, views[post.id], ours=self.ours)
                yield from [found] if found is not None else []

    def check(self) -> str:
        """Log in anew and say as whom. Raises ChannelError."""
        self.known.clear()
        self.session.log_in()
        return f"Bluesky as {self.known['handle']}"

    def _remember(self, said: Mapping[str, Any]) -> None:
        did, handle = str(said.get("did") or ""), str(said.get("handle") or self.options.handle)
        if did:
            self.known |= {"id": did, "username": handle, "handle": f"@{handle}", "ours": [did, handle]}
