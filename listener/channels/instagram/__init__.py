"""Instagram: comments below our posts, posts and comments that name or tag us, private messages; answered there.

https://developers.facebook.com/docs/instagram-platform , with the log-in by Facebook or, at graph.instagram.com, by
Instagram. Must not touch the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from listener import tokens
from listener.addresses import BaseAddress
from listener.answers import same
from listener.channels.base import (
    Absent,
    Attempt,
    Channel,
    Cursor,
    Gone,
    Hook,
    Limits,
    Listen,
    MayReply,
    Options,
    Page,
    Post,
    Received,
    ReplyMode,
    Sent,
    Unsure,
    by_hand,
)
from listener.channels.instagram import listening, oauth
from listener.channels.instagram.oauth import InstagramConnector
from listener.channels.instagram.posts import (
    MENTIONED_COMMENT,
    MENTIONED_MEDIA,
    REPLY_FIELDS,
    comment_of,
    media_of,
)
from listener.errors import ChannelError, HttpError
from listener.meta import direct, hooks
from listener.meta.graph import VERSION, Graph, data, moment

LONGEST, LONGEST_MESSAGE = 2200, 1000  # characters of a comment, bytes of a message
CLOCKS = timedelta(minutes=5)


class InstagramOptions(Options):
    """Options of `source add instagram`."""

    account_id: str = Field(pattern=r"^\w{1,60}$", description="id of the professional account")
    access_token: SecretStr = Field(
        description="token with instagram_basic, instagram_manage_comments and, for messages, instagram_manage_messages"
    )
    app_id: str | None = Field(None, description="id of the app; needed to connect by log-in")
    app_secret: SecretStr | None = Field(
        None, min_length=8, description="secret of the app; needed for webhooks and to connect by log-in"
    )
    verify_token: SecretStr | None = Field(
        None,
        min_length=8,
        description="made up by us for the webhook's set-up; also the last part of its address",
    )
    base_url: BaseAddress = Field(
        "https://graph.facebook.com",
        description="address of the API; https://graph.instagram.com for its own log-in",
    )
    api_version: str = Field(VERSION, pattern=r"^v\d+\.\d+$", description="version of the API")
    comment_days: int = Field(
        14, ge=1, le=365, description="below posts of so many days comments are read",
        json_schema_extra={"of": "source"},
    )  # fmt: skip
    tagged: bool = Field(
        default=True, description="read posts we are tagged in", json_schema_extra={"of": "source"}
    )


class Instagram(Channel[InstagramOptions]):
    """One professional account."""

    connector = InstagramConnector()

    kind: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram"
    options_type = InstagramOptions
    replies: ClassVar[bool] = True
    receives: ClassVar[bool] = True
    refreshes: ClassVar[int] = 5

    _graph: Graph | None = None

    @classmethod
    def identity_of(cls, options: InstagramOptions) -> tuple[str, str]:
        """The account."""
        return options.base_url, options.account_id

    @property
    def graph(self) -> Graph:
        """The API with our token; one a channel, so that it notices when the quota runs out."""
        if self._graph is None:
            options, secret, renewal = self.options, self.options.app_secret, self.renewal()
            token = self.keeper.token(renewal) if renewal else options.access_token.get_secret_value()
            self._graph = Graph(
                self.http, options.base_url, token,
                version=options.api_version, app_secret=secret.get_secret_value() if secret else None,
            )  # fmt: skip
        return self._graph

    def renewal(self) -> tokens.Renewal | None:
        """With itself, where the token is of Instagram's own log-in; a page's token does not expire."""
        if not oauth.own(self.options.plain()):
            return None
        return oauth.renewal(self.http, self.options.access_token.get_secret_value())

    @property
    def ours(self) -> frozenset[str]:
        """Our id and name, lower case, as far as they are known."""
        return frozenset(
            {self.options.account_id, *(str(name).lower() for name in self.known.get("ours", ()))}
        )

    def limits(self) -> Limits:
        """2,200 characters in a comment; a private message holds 1,000 bytes, which is checked when it is sent."""
        return Limits(length=LONGEST, poll_every=timedelta(minutes=5), read_lag=timedelta(seconds=30))

    def hook_secret(self) -> str | None:
        """The last part of the webhook's address."""
        return self.options.verify_token.get_secret_value() if self.options.verify_token else None

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the tags and the comments below our posts; see `listening`."""
        if not self.known.get("ours"):
            self.check()
        yield from listening.listen(self, what, cursor)

    def may_reply(self, post: Post) -> MayReply:
        """By the API to comments and mentions; a post we are only tagged in can be answered in the app alone."""
        if post.kind == "message":
            return direct.may_reply(post)
        if post.extra.get("object") == "tag":
            return by_hand(
                post, "Instagram's API cannot comment a post we are only tagged in: open it and answer there"
            )
        return MayReply(ReplyMode.API)

    def compose(self, to: Post, text: str) -> str:
        """Return what will be public: below an answer to a comment its author is named, else nobody would tell them."""
        handle = to.author.handle if to.author else None
        if (
            not to.extra.get("root")
            or not handle
            or re.search(rf"@{re.escape(handle)}(?![\w.])", text, re.IGNORECASE)
        ):
            return text
        return f"@{handle} {text}"

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Answer the comment or mention once, or send a message. Raises ChannelError."""
        del key  # the API has no idempotency key
        may = self.may_reply(to)
        if may.mode is not ReplyMode.API:
            raise ChannelError(may.reason or "this cannot be answered", permanent=True, delivered=False)
        if to.kind == "message":
            if (count := len(text.encode())) > LONGEST_MESSAGE:
                raise _too_long(count, "bytes", LONGEST_MESSAGE)
            return direct.send(self.graph, to, text)
        said = self.compose(to, text)
        if len(said) > LONGEST:
            raise _too_long(len(said), "characters with the name in front", LONGEST)
        if to.extra.get("object") == "mention":
            about = {"media_id": to.extra.get("media_id")} | (
                {"comment_id": to.id} if to.kind == "comment" else {}
            )
            made = self.graph.write(f"/{self.options.account_id}/mentions", {**about, "message": said})
        else:
            made = self.graph.write(f"/{to.extra.get('root') or to.id}/replies", {"message": said})
        return Sent(id=str(made.get("id") or ""), url=to.url)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Look among the answers to the comment, by us, with the same words."""
        to = attempt.to
        if to.kind == "message":
            return direct.find(self.graph, attempt, "instagram")
        if to.extra.get("object") == "mention":
            return Unsure("Instagram does not list answers below other people's posts: look there and say")
        try:
            said = self.graph.read(
                f"/{to.extra.get('root') or to.id}/replies", {"fields": REPLY_FIELDS, "limit": "100"}
            )
        except HttpError as error:
            return Absent() if error.status == HTTPStatus.NOT_FOUND else Unsure(str(error))
        except ChannelError as error:
            return Unsure(str(error))
        wanted = self.compose(to, attempt.text)
        for one in data(said):
            at: datetime | None = moment(one.get("timestamp"))
            made = comment_of(one, ours=self.ours, media={})
            if made.own and same(made.text, wanted) and (at is None or at >= attempt.since - CLOCKS):
                return Sent(made.id, url=to.url, at=at)
        return Absent()

    def receive(self, hook: Hook) -> Received:
        """Answer the challenge, or check the signature and read what was delivered. Raises ChannelError."""
        options = self.options
        return hooks.received(
            hook, self.kind, options.account_id, verify=options.verify_token, secret=options.app_secret,
            changed=self._changed,
        )  # fmt: skip

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read comments below our posts; what stands elsewhere cannot be asked for again."""
        for post in posts:
            if post.extra.get("object") != "comment":
                continue
            try:
                said = self.graph.read(f"/{post.id}", {"fields": f"{REPLY_FIELDS},parent_id"})
            except HttpError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                yield Gone(post.id, post.instance)
                continue
            media = {"id": post.thread_id, "permalink": post.url, "caption": post.parent_text}
            yield comment_of({"parent_id": post.extra.get("root"), **said}, ours=self.ours, media=media)

    def check(self) -> str:
        """Ask who we are. Raises ChannelError."""
        said = self.graph.read(f"/{self.options.account_id}", {"fields": "id,username"})
        name = str(said.get("username") or self.options.account_id)
        self.known |= {"handle": name, "ours": [name, self.options.account_id]}
        return f"@{name} ({self.options.account_id})"

    def _changed(self, field: str, value: Mapping[str, Any], at: datetime | None) -> list[Post | Gone]:
        if field in {"comments", "live_comments"} and value.get("id"):
            return [comment_of(value, ours=self.ours, media=value.get("media") or {}, at=at)]
        if field == "mentions" and (value.get("comment_id") or value.get("media_id")):
            return [self._mention(value)]
        return []

    def _mention(self, value: Mapping[str, Any]) -> Post:
        """Fetch what the webhook only names."""
        comment, media = (
            re.sub(r"\W", "", str(value.get(name) or "")) for name in ("comment_id", "media_id")
        )
        asked = (
            f"mentioned_comment.comment_id({comment}){{{MENTIONED_COMMENT}}}"
            if comment
            else f"mentioned_media.media_id({media}){{{MENTIONED_MEDIA}}}"
        )
        said = self.graph.read(f"/{self.options.account_id}", {"fields": asked})
        if comment:
            one = said.get("mentioned_comment") or {}
            about = {"id": media, **(one.get("media") or {})}
            return comment_of({"id": comment, **one}, ours=self.ours, media=about, mention=True)
        return media_of({"id": media, **(said.get("mentioned_media") or {})}, ours=self.ours, mention=True)


def _too_long(count: int, unit: str, limit: int) -> ChannelError:
    message = f"{count} {unit}; Instagram takes {limit}"
    return ChannelError(message, permanent=True, delivered=False, hint="Shorten it.")
