"""Facebook: what is written on a page, below its posts and to its inbox; answered as the page, where it was written.

Graph API: https://developers.facebook.com/docs/pages-api . Must not touch the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from pydantic import Field, SecretStr

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
from listener.channels.facebook import listening
from listener.channels.facebook.oauth import FacebookConnector
from listener.channels.facebook.posts import COMMENT_FIELDS, POST_FIELDS, change_of, comment_of, post_of
from listener.errors import ChannelError, HttpError
from listener.meta import direct, hooks
from listener.meta.graph import VERSION, Graph, data, moment

LONGEST, LONGEST_MESSAGE = 8000, 2000
CLOCKS = timedelta(minutes=5)


class FacebookOptions(Options):
    """Options of `source add facebook`."""

    page_id: str = Field(pattern=r"^\w{1,60}$", description="id of the page")
    access_token: SecretStr = Field(
        description="page token with pages_read_engagement, pages_read_user_content, pages_manage_engagement "
        "and, for messages, pages_messaging"
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
    base_url: BaseAddress = Field("https://graph.facebook.com", description="address of the Graph API")
    api_version: str = Field(VERSION, pattern=r"^v\d+\.\d+$", description="version of the Graph API")
    comment_days: int = Field(
        14, ge=1, le=365, description="below posts of so many days comments are read",
        json_schema_extra={"of": "source"},
    )  # fmt: skip
    tagged: bool = Field(
        default=True, description="read posts that name the page", json_schema_extra={"of": "source"}
    )


class Facebook(Channel[FacebookOptions]):
    """One page."""

    connector = FacebookConnector()

    kind: ClassVar[str] = "facebook"
    title: ClassVar[str] = "Facebook"
    options_type = FacebookOptions
    replies: ClassVar[bool] = True
    receives: ClassVar[bool] = True
    refreshes: ClassVar[int] = 5

    _graph: Graph | None = None

    @classmethod
    def identity_of(cls, options: FacebookOptions) -> tuple[str, str]:
        """The page."""
        return options.base_url, options.page_id

    @property
    def graph(self) -> Graph:
        """The Graph API with the page's token; one a channel, so that it notices when the quota runs out."""
        if self._graph is None:
            options, secret = self.options, self.options.app_secret
            self._graph = Graph(
                self.http, options.base_url, options.access_token.get_secret_value(),
                version=options.api_version, app_secret=secret.get_secret_value() if secret else None,
            )  # fmt: skip
        return self._graph

    def limits(self) -> Limits:
        """8,000 characters in a comment; a private message holds 2,000, which is checked when it is sent."""
        return Limits(length=LONGEST, poll_every=timedelta(minutes=5), read_lag=timedelta(seconds=30))

    def hook_secret(self) -> str | None:
        """The last part of the webhook's address."""
        return self.options.verify_token.get_secret_value() if self.options.verify_token else None

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the page's feed, the posts that name it, and the comments; see `listening`."""
        return listening.listen(self, what, cursor)

    def may_reply(self, post: Post) -> MayReply:
        """By the API, except below posts elsewhere, closed comments, and messages older than a day."""
        if post.kind == "message":
            return direct.may_reply(post)
        if post.extra.get("tagged"):
            return by_hand(post, "this post stands on another page: open it and answer there as the page")
        if post.extra.get("can_comment") is False:
            return by_hand(post, "comments are closed here, or the author lets nobody answer")
        return MayReply(ReplyMode.API)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Comment once below the comment or post, or send a message. Raises ChannelError."""
        del key  # the Graph API has no idempotency key
        message = to.kind == "message"
        if len(text) > (limit := LONGEST_MESSAGE if message else LONGEST):
            what = f"{len(text)} characters; Facebook takes {limit} {'in a message' if message else 'in a comment'}"
            raise ChannelError(what, permanent=True, delivered=False, hint="Shorten it.")
        if message:
            if (over := direct.closed(to)) is not None:
                raise ChannelError(over, permanent=True, delivered=False)
            return direct.send(self.graph, to, text)
        made = self.graph.write(f"/{to.id}/comments", {"message": text})
        return Sent(id=str(made.get("id") or ""), url=made.get("permalink_url"))

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Look among the newest comments below what was answered, by the page, with the same words."""
        if attempt.to.kind == "message":
            return direct.find(self.graph, attempt, "messenger")
        to = attempt.to
        places = dict.fromkeys(filter(None, (to.id, to.extra.get("parent"), to.thread_id)))
        asked = {
            "fields": COMMENT_FIELDS, "filter": "stream", "order": "reverse_chronological", "limit": "100",
        }  # fmt: skip
        for place in (
            places
        ):  # an answer to an answer is filed under the first comment; the post's stream has them all
            try:
                said = self.graph.read(f"/{place}/comments", asked)
            except HttpError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    return Unsure(str(error))
                continue  # it was deleted, and what stood below it
            except ChannelError as error:
                return Unsure(str(error))
            for one in data(said):
                if self._is_it(one, attempt):
                    return Sent(
                        str(one["id"]), url=one.get("permalink_url"), at=moment(one.get("created_time"))
                    )
        return Absent()

    def receive(self, hook: Hook) -> Received:
        """Answer the challenge, or check the signature and read comments, posts and messages. Raises HttpError."""
        options = self.options
        return hooks.received(
            hook, self.kind, options.page_id, verify=options.verify_token, secret=options.app_secret,
            changed=self._changed,
        )  # fmt: skip

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read posts and comments; messages do not change but by webhook."""
        for post in posts:
            if post.kind == "message":
                continue
            comment = post.kind == "comment"
            try:
                said = self.graph.read(f"/{post.id}", {"fields": COMMENT_FIELDS if comment else POST_FIELDS})
            except HttpError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                yield Gone(post.id, post.instance)
                continue
            page = self.options.page_id
            yield (
                comment_of(said, page=page, below=post.thread_id)
                if comment
                else post_of(said, page=page, tagged=bool(post.extra.get("tagged")))
            )

    def check(self) -> str:
        """Ask for the page. Raises ChannelError."""
        said = self.graph.read(f"/{self.options.page_id}", {"fields": "id,name,username"})
        self.known |= {"handle": str(said.get("username") or said.get("name")), "ours": [str(said.get("id"))]}
        return f"page {said.get('name')} ({said.get('id')})"

    def _changed(self, field: str, value: Mapping[str, Any], at: datetime | None) -> list[Post | Gone]:
        del at  # the change says it itself
        change = change_of(value, page=self.options.page_id) if field == "feed" else None
        return [] if change is None else [change]

    def _is_it(self, said: Any, attempt: Attempt) -> bool:
        who = str((said.get("from") or {}).get("id") or self.options.page_id)  # left out for some tokens
        at: datetime | None = moment(said.get("created_time"))
        recent = at is None or at >= attempt.since - CLOCKS
        return who == self.options.page_id and recent and same(str(said.get("message") or ""), attempt.text)
