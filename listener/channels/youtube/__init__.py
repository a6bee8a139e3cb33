"""YouTube: comments on a channel's videos or on chosen ones, and replies in their threads.

With `api_key` public comments are read; `client_id`, `client_secret` and `refresh_token` (scope youtube.force-ssl) let
the account reply. Must not touch the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import ClassVar, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from listener import google, tokens
from listener.addresses import Address, BaseAddress
from listener.api import Api
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
from listener.channels.youtube import replying
from listener.channels.youtube.listening import PATH, Listening
from listener.channels.youtube.oauth import API_URL, CONNECTOR
from listener.channels.youtube.replying import AT_ONCE, LENGTH
from listener.errors import ChannelError
from listener.oauth import flow
from listener.said import mark

BY_HAND = mark("this source has no refresh_token: open the comment and answer there")
_ID = re.compile(r"^[\w-]{6,64}$")


class YouTubeOptions(Options):
    """Options of `source add youtube`."""

    channel_id: str | None = Field(
        None, description="channel whose videos are read (UC…)", json_schema_extra={"of": "source"}
    )
    video_ids: list[str] = Field(
        default_factory=list,
        description="videos to read, comma-separated; only what the query matches is kept",
        json_schema_extra={"of": "source"},
    )
    api_key: SecretStr | None = Field(
        None, description="key of a Google Cloud project with YouTube Data API v3"
    )
    client_id: str | None = Field(None, description="OAuth client of the project")
    client_secret: SecretStr | None = Field(None, description="its secret")
    refresh_token: SecretStr | None = Field(
        None, description="of the account that replies; youtube.force-ssl"
    )
    base_url: BaseAddress = Field(API_URL, description="address of the API")
    auth_url: Address | None = Field(None, description="where tokens are asked for; Google's when empty")

    @field_validator("channel_id", "video_ids")
    @classmethod
    def _ids(cls, value: str | list[str] | None) -> str | list[str] | None:
        for name in value if isinstance(value, list) else [value] if value else []:
            if not _ID.match(name):
                message = f"{name!r} is no id; it is the part of the address after /channel/ or ?v="
                raise ValueError(message)
        return list(dict.fromkeys(value)) if isinstance(value, list) else value or None

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if not self.channel_id and not self.video_ids:
            message = "channel_id or video_ids: say which comments to read"
            raise ValueError(message)
        given = [bool(self.client_id), self.client_secret is not None, self.refresh_token is not None]
        if any(given) and not all(given):
            message = "client_id, client_secret and refresh_token belong together: give all three or none"
            raise ValueError(message)
        if not any(given) and self.api_key is None:
            message = "api_key: give a key, or client_id, client_secret and refresh_token"
            raise ValueError(message)
        return self


class YouTube(Channel[YouTubeOptions]):
    """One Google account (or the public view) of YouTube."""

    kind: ClassVar[str] = "youtube"
    title: ClassVar[str] = "YouTube"
    options_type = YouTubeOptions
    replies: ClassVar[bool] = True
    refreshes: ClassVar[int] = 100

    connector = CONNECTOR

    @classmethod
    def identity_of(cls, options: YouTubeOptions) -> tuple[str, str]:
        """Hashes stand for the token or the key."""
        secret = options.refresh_token or options.api_key
        kind = "token" if options.refresh_token else "key"
        digest = tokens.digest(secret.get_secret_value()) if secret else ""
        return options.base_url, f"{kind}:{digest}"

    @property
    def logged_in(self) -> bool:
        """Whether an account can reply."""
        return self.options.refresh_token is not None

    @property
    def ours(self) -> frozenset[str]:
        """Ids of our channels, lower case: the account's, and the one whose videos are read."""
        found = [*self.known.get("ours", ()), self.options.channel_id or ""]
        return frozenset(str(name).lower() for name in found if name)

    @cached_property
    def api(self) -> Api:
        """The API as the account, or with the key."""
        judge = google.judge(google.until_midnight_pacific)
        options, base, renewal = self.options, self.options.base_url, self.renewal()
        if renewal is None:
            key = options.api_key.get_secret_value() if options.api_key else ""
            # in a header: an address is written to logs by more than one library
            return Api(self.http, base, title=self.title, headers={"X-Goog-Api-Key": key}, judge=judge)
        return Api(
            self.http,
            base,
            title=self.title,
            bearer=lambda: self.keeper.token(renewal),
            refused=lambda: self.keeper.refused(renewal),
            judge=judge,
        )

    def renewal(self) -> tokens.Renewal | None:
        """By the refresh token, where there is one."""
        if self.options.refresh_token is None:
            return None
        platform = CONNECTOR.platform(self.options.plain())
        return flow.renewal(self.http, platform, self.options.refresh_token.get_secret_value())

    @property
    def listening(self) -> Listening:
        """What the source reads."""
        return Listening(self.api, self.options.channel_id, self.options.video_ids, self.ours)

    def limits(self) -> Limits:
        """10,000 characters; 10,000 units a day, of which a reply costs 50."""
        return Limits(
            length=LENGTH if self.logged_in else None,
            poll_every=timedelta(minutes=5),
            read_lag=timedelta(seconds=60),
        )

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the threads, then look for replies; see `listening`."""
        if self.logged_in and not self.known.get("id"):
            self.learn()
        yield from self.listening.pages(what, cursor)

    def learn(self) -> str:
        """Ask which channel the account is; remembered in `known`. Raises ChannelError."""
        found = self.api.read(f"{PATH}/channels", {"part": "snippet", "mine": "true"}).get("items") or []
        if not found:
            message = "this Google account has no YouTube channel"
            raise ChannelError(
                message, permanent=True, attention=True, hint="Reconnect with the brand's account."
            )
        said = found[0].get("snippet") or {}
        handle = str(said.get("customUrl") or said.get("title") or found[0]["id"])
        self.known |= {"id": str(found[0]["id"]), "handle": handle, "ours": [str(found[0]["id"])]}
        return handle

    def compose(self, to: Post, text: str) -> str:
        """Return what will be public; see `replying`."""
        return replying.compose(to, text)

    def may_reply(self, post: Post) -> MayReply:
        """By the API when logged in and the thread takes replies."""
        if not self.logged_in:
            return by_hand(post, BY_HAND)
        if post.extra.get("can_reply") is False:
            return by_hand(post, "YouTube does not let this account reply in this thread")
        return MayReply(ReplyMode.API)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Post once, in the thread. Raises ChannelError; an HttpError says whether it may have been delivered."""
        del key  # the API knows no keys
        if not self.logged_in:
            raise ChannelError(BY_HAND, permanent=True, attention=True, delivered=False)
        return replying.reply(self.api, to, text)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Read the thread's replies and look for ours; a thread that is gone took our reply with it."""
        try:
            if not self.known.get("id"):
                self.learn()
        except ChannelError as error:
            return Unsure(str(error))
        return replying.find(self.listening, attempt, str(self.known["id"]))

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read comments, fifty at a time; one that is not given back was deleted or hidden. Raises ChannelError."""
        return replying.refresh(self.api, posts)

    def check(self) -> str:
        """Say as whom we read and reply. Raises ChannelError."""
        if self.logged_in:
            self.known.clear()
            handle = self.learn()
            return f"YouTube as {handle} ({self.known['id']})"
        what, names = ("channels", [self.options.channel_id]) if self.options.channel_id else ("videos", [])
        names = names or self.options.video_ids[:AT_ONCE]
        found = self.api.read(f"{PATH}/{what}", {"part": "snippet", "id": ",".join(filter(None, names))})
        items = found.get("items") or []
        if not items:
            message = f"YouTube knows none of these {what}: {', '.join(filter(None, names))}"
            raise ChannelError(message, permanent=True, hint="Check channel_id and video_ids.")
        title = str((items[0].get("snippet") or {}).get("title") or items[0].get("id"))
        return f"YouTube: {title}, read-only with an API key, answers by hand"
