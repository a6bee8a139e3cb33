"""X (Twitter): hears mentions of our account and recent search, and answers where X lets us.

API v2 by tweepy: https://docs.x.com/x-api . Every post read is paid for, hence `reads_per_day`; a reply by the API is
only allowed to posts that @mention us, everything else is answered by hand. Must not touch the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from http import HTTPStatus
from threading import Event
from typing import Any, ClassVar

from listener import tokens, unreadable
from listener.channels.base import (
    Absent,
    Attempt,
    Channel,
    Cursor,
    Gone,
    Limits,
    Listen,
    MayReply,
    Page,
    Post,
    ReplyMode,
    Sent,
    Unsure,
    by_hand,
)
from listener.channels.x import listening, live, looking, replying
from listener.channels.x.length import MOST, measure
from listener.channels.x.oauth import XConnector
from listener.channels.x.options import XOptions
from listener.channels.x.posts import FIELDS, Included, listed, post_of, versions
from listener.errors import ChannelError, HttpError
from listener.looking import Look, Price
from listener.oauth import flow
from listener.said import mark

_LOOKUP = 100  # posts of one look-up
_PRICE = Price(Decimal("0.005"), "USD", date(2026, 11, 1))  # https://docs.x.com/x-api/getting-started/pricing
_GONE = ("not-found", "not-authorized")  # deleted; or suspended, or made private


class X(Channel[XOptions]):
    """One account (or the app alone) on X."""

    connector = XConnector()

    kind: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    options_type = XOptions
    replies: ClassVar[bool] = True
    price: ClassVar[Price | None] = _PRICE
    refreshes: ClassVar[int] = 100
    streams: ClassVar[bool] = True
    one_stream: ClassVar[bool] = True

    @classmethod
    def identity_of(cls, options: XOptions) -> tuple[str, str]:
        """The handle, or else a hash that stands for the token."""
        if options.username:
            return options.base_url, options.username.lower()
        token = options.refresh_token or options.access_token or options.bearer_token
        return options.base_url, "token:" + hashlib.sha256(
            (token.get_secret_value() if token else "").encode()
        ).hexdigest()[:16]

    @cached_property
    def client(self) -> Any:
        """The library's client on our guarded session."""
        from listener.channels.x.client import connect  # noqa: PLC0415 - tweepy is loaded by those who use it

        return connect(self.http, self.options)

    @cached_property
    def account(self) -> Any:
        """A client that acts as the account which logged in; the client of all keys where nobody did."""
        from listener.channels.x.client import connect  # noqa: PLC0415 - as above

        renewal = self.renewal()
        if renewal is None:
            return self.client
        return connect(self.http, self.options, self.keeper.token(renewal))

    def renewal(self) -> tokens.Renewal | None:
        """By the refresh token of the account that logged in."""
        if self.options.refresh_token is None:
            return None
        platform = self.connector.platform(self.options.plain())
        return flow.renewal(self.http, platform, self.options.refresh_token.get_secret_value())

    @property
    def logged_in(self) -> bool:
        """Whether we act as an account, not only as an app."""
        return self.options.access_token is not None or self.options.refresh_token is not None

    @property
    def user_id(self) -> str | None:
        """Our account's id, once learnt."""
        return str(self.known["id"]) if self.known.get("id") else None

    @property
    def handle(self) -> str | None:
        """Our account's handle, without @."""
        return str(self.known.get("username") or "") or self.options.username

    @property
    def ours(self) -> frozenset[str]:
        """Id and handle of our account, lower case."""
        return frozenset(name.lower() for name in (self.user_id, self.handle) if name)

    def ask(self, what: str, method: str, *args: Any, **asked: Any) -> Mapping[str, Any]:
        """Call a method of tweepy's client and return its JSON. Raises HttpError with words for people."""
        from listener.channels.x.client import spoken, unreadable  # noqa: PLC0415 - as above

        as_user = self.logged_in and (self.options.bearer_token is None or what in {"log-in", "reply"})
        renewal = self.renewal() if as_user else None
        call = getattr(self.account if renewal else self.client, method)
        try:
            with spoken(self.options.base_url, what):
                answer = call(*args, user_auth=as_user and renewal is None, **asked)
        except HttpError as error:
            if renewal is not None and error.status == HTTPStatus.UNAUTHORIZED:
                self.keeper.refused(renewal)
                self.__dict__.pop("account", None)
            raise
        if not isinstance(answer, Mapping):
            raise unreadable(what)
        return answer

    def limits(self) -> Limits:
        """280 by X's weights; only an account can reply."""
        return Limits(
            length=MOST if self.logged_in else None,
            unit="characters as X weighs them (a link is 23, an emoji or a CJK letter 2)",
            measure=measure,
            poll_every=timedelta(minutes=5),
            read_lag=timedelta(seconds=30),
        )

    def learn(self) -> None:
        """Ask once who we are; remembered in `known`. Raises ChannelError."""
        if self.user_id or not (self.logged_in or self.options.username):
            return
        if self.logged_in:
            answer = self.ask("log-in", "get_me")
        else:
            answer = self.ask("account", "get_user", username=self.options.username)
        me = answer.get("data")
        if not isinstance(me, Mapping) or not me.get("id"):
            raise ChannelError(
                f"X knows no account @{self.options.username}"
                if self.options.username
                else "X does not say who we are",
                permanent=True,
                attention=True,
                hint="Check username, without the name in front of the @.",
            )
        handle = str(me.get("username") or "")
        if self.options.username and handle.lower() != self.options.username.lower():
            raise ChannelError(
                f"the access token belongs to @{handle}, not to @{self.options.username}",
                permanent=True,
                attention=True,
                hint="Change username, or connect the account with its own token.",
            )
        number = str(me["id"])
        self.known |= {"id": number, "username": handle, "handle": f"@{handle}", "ours": [number, handle]}

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk mentions, then searches, then our own posts; see `listening`."""
        self.learn()
        yield from listening.listen(self, what, cursor)

    def stream(self, what: Listen, cursor: Cursor | None, stop: Event) -> Iterator[Page]:
        """Hear what matches our rules as it is posted; see `live`."""
        del cursor
        self.learn()
        yield from live.live(self, what, stop)

    def look(self, what: Listen, *, posts: bool = True) -> Look:
        """Count what a query has, which costs no read; see `looking`."""
        return looking.look(self, what, posts=posts)

    def may_reply(self, post: Post) -> MayReply:
        """By the API only where the author mentions us; X refuses everything else with a 403."""
        if not self.logged_in:
            return by_hand(
                post, "this X source can only read (no access_token): open the post and answer on X"
            )
        if not post.extra.get("mentions_us", post.addressed_to_us):
            reason = mark(
                "X lets apps answer only posts that @mention the account: open the post and answer on X"
            )
            return by_hand(post, reason)
        return MayReply(ReplyMode.API)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Post once, in reply, as our account. Raises ChannelError."""
        del key  # X has no idempotency key: `find` looks instead
        if not self.logged_in:
            raise ChannelError(
                "this X account can only read: it has no access_token", permanent=True, attention=True,
                hint="Connect it with consumer_key, consumer_secret, access_token and access_token_secret.",
            )  # fmt: skip
        return replying.reply(self, to, text)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Look for our reply among our own posts."""
        return replying.find(self, attempt)

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Look posts up again, 100 at a time; an edit is the same post with new words. Raises ChannelError."""
        for at in range(0, len(posts), _LOOKUP):
            batch = {str(post.extra.get("latest") or post.id): post for post in posts[at : at + _LOOKUP]}
            edited: dict[str, Post] = {}
            yield from self._looked_up(batch, edited)
            yield from self._looked_up(edited, {}) if edited else ()

    def check(self) -> str:
        """Say as whom we read and whether we can reply. Raises ChannelError."""
        self.known.clear()
        self.learn()
        if self.user_id is None:  # an app without an account: a search that finds nothing costs nothing
            self.ask("search", "search_recent_tweets", '"all ears connection test"', max_results=10)
            return "X as an app, read-only (set username to hear its mentions)"
        return f"X as @{self.handle}" + ("" if self.logged_in else ", read-only (no access_token)")

    def _looked_up(self, batch: Mapping[str, Post], edited: dict[str, Post]) -> Iterator[Post | Gone]:
        """Yield what became of the posts; those with a later version than was asked for go to `edited`."""
        answer = self.ask("refresh", "get_tweets", list(batch), **FIELDS)
        included = Included.of(answer)
        for tweet in listed(answer.get("data")):
            number = str(tweet.get("id"))
            latest = (unreadable.read("x", number, versions, tweet) or (number, number))[1]
            if latest != number and latest not in batch and number in batch:
                edited[latest] = batch[number]
            else:
                found = unreadable.read("x", number, post_of, tweet, included, ours=self.ours)
                yield from [found] if found is not None else []
        for problem in listed(answer.get("errors")):
            before = batch.get(str(problem.get("resource_id") or problem.get("value") or ""))
            if before is not None and any(word in str(problem.get("type")) for word in _GONE):
                yield Gone(before.id, before.instance)
