"""Trustpilot: the service reviews of a business unit, by polling and by webhooks, and the company's answers.

With `api_key` alone the public reviews are read and answers go by hand; `api_secret` and `author_business_user_id` let
All Ears answer. Must not touch the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from http import HTTPStatus
from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from listener import answers, tokens
from listener.addresses import BaseAddress
from listener.api import Api
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
    Sent,
    Unsure,
    by_hand,
)
from listener.channels.trustpilot.hooks import received
from listener.channels.trustpilot.oauth import TrustpilotConnector
from listener.channels.trustpilot.service import Reviews, granted, judge
from listener.errors import ChannelError, HttpError
from listener.oauth import flow
from listener.said import mark

_ID = re.compile(r"[0-9A-Za-z]{8,64}")
LENGTH = 10_000  # Trustpilot names no limit; ours keeps an accident out
BY_HAND = mark("this source has no api_secret and author_business_user_id: answer in Trustpilot Business")


class TrustpilotOptions(Options):
    """Options of `source add trustpilot`."""

    business_unit_id: str = Field(
        description="id of the business unit (24 letters and digits, from the API's find)",
        json_schema_extra={"of": "source"},
    )
    api_key: SecretStr = Field(min_length=4, description="Integrations, Developers, APIs: API key")
    api_secret: SecretStr | None = Field(
        None, description="its secret; without it only public reviews are read"
    )
    refresh_token: SecretStr | None = Field(
        None, description="of a business user who has logged in; without it the application speaks for itself"
    )
    author_business_user_id: str | None = Field(
        None, description="id of the business user whose name stands under answers"
    )
    webhook_secret: SecretStr | None = Field(
        None, min_length=8, description="last part of the address for Trustpilot's webhooks"
    )
    base_url: BaseAddress = Field("https://api.trustpilot.com", description="address of the API")

    @field_validator("business_unit_id", "author_business_user_id")
    @classmethod
    def _id(cls, value: str | None) -> str | None:
        if value and not _ID.fullmatch(value.strip()):
            message = f"{value!r} is no id of Trustpilot: 24 letters and digits, no address and no name"
            raise ValueError(message)
        return value.strip() if value else None


class Trustpilot(Channel[TrustpilotOptions]):
    """One business unit through one application."""

    connector = TrustpilotConnector()

    kind: ClassVar[str] = "trustpilot"
    title: ClassVar[str] = "Trustpilot"
    options_type = TrustpilotOptions
    replies: ClassVar[bool] = True
    receives: ClassVar[bool] = True
    refreshes: ClassVar[int] = 50

    @classmethod
    def identity_of(cls, options: TrustpilotOptions) -> tuple[str, str]:
        """An application is an identity; a hash stands for its key."""
        digest = tokens.digest(options.api_key.get_secret_value())
        return options.base_url, f"key:{digest}/{options.author_business_user_id or ''}"

    @property
    def instance(self) -> str:
        """The business unit."""
        return self.options.business_unit_id

    @property
    def answers_here(self) -> bool:
        """Whether the account can answer."""
        return self.options.api_secret is not None and bool(self.options.author_business_user_id)

    @cached_property
    def reviews(self) -> Reviews:
        """The reviews as the account sees them."""
        base, key = self.options.base_url, self.options.api_key.get_secret_value()
        if self.options.api_secret is None:
            public = Api(self.http, base, title=self.title, headers={"apikey": key}, judge=judge)
            return Reviews(public, self.instance, public=True)
        secret = self.options.api_secret.get_secret_value()
        shelf = f"trustpilot {base} {tokens.digest(key)} {tokens.digest(secret)}"
        if (renewal := self.renewal()) is not None:
            as_user = Api(
                self.http,
                base,
                title=self.title,
                bearer=lambda: self.keeper.token(renewal),
                refused=lambda: self.keeper.refused(renewal),
                judge=judge,
            )
            return Reviews(as_user, self.instance)
        api = Api(
            self.http,
            base,
            title=self.title,
            bearer=lambda: tokens.access_token(shelf, lambda: granted(self.http, base, key, secret)),
            refused=lambda: tokens.forget(shelf),
            judge=judge,
        )
        return Reviews(api, self.instance)

    def renewal(self) -> tokens.Renewal | None:
        """By the refresh token of the business user who has logged in."""
        if self.options.refresh_token is None:
            return None
        platform = self.connector.platform(self.options.plain())
        return flow.renewal(self.http, platform, self.options.refresh_token.get_secret_value())

    def limits(self) -> Limits:
        """Fewer than 833 requests in five minutes; no documented length."""
        return Limits(
            length=LENGTH if self.answers_here else None,
            poll_every=timedelta(minutes=5),
            read_lag=timedelta(seconds=60),
        )

    def hook_secret(self) -> str | None:
        """The last part of the address that Trustpilot posts to."""
        secret = self.options.webhook_secret
        return secret.get_secret_value() if secret else None

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the reviews down to where the last run ended; the webhooks' safety net."""
        return self.reviews.listen(what, cursor)

    def receive(self, hook: Hook) -> Received:
        """Take reviews that were written, edited or deleted. Raises HttpError (400)."""
        return received(hook, self.instance)

    def may_reply(self, post: Post) -> MayReply:
        """By the API when the account may."""
        if not self.answers_here:
            return by_hand(post, BY_HAND)
        return answers.may_reply(post, self.title)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Create the answer, or replace the one that was shown. Raises ChannelError."""
        del key  # the API knows no keys; a review has one answer, so a repeated call changes nothing
        author = self.options.author_business_user_id
        if not self.answers_here or author is None:
            raise ChannelError(BY_HAND, permanent=True, attention=True, delivered=False)
        if len(text) > LENGTH:
            message = f"{len(text)} characters; we allow {LENGTH} on Trustpilot"
            raise ChannelError(message, permanent=True, hint="Shorten it.")
        try:
            present = self.reviews.one(to.id)[1]
        except ChannelError:
            present = None  # the answer to the request itself says what is wrong
        there = answers.already(to, text, present, self.title)
        return there or self.reviews.reply(to.id, text, author).sent(to.url)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Read the review's answer."""
        try:
            present = self.reviews.one(attempt.to.id)[1]
        except HttpError as error:
            return Absent() if error.status == HTTPStatus.NOT_FOUND else Unsure(str(error))
        except ChannelError as error:
            return Unsure(str(error))
        return answers.find(attempt, present)

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read reviews one by one: an edited one keeps its place in the list, so only this finds it after days."""
        for post in posts:
            try:
                yield from answers.both(*self.reviews.one(post.id))
            except HttpError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                yield Gone(post.id, post.instance)

    def check(self) -> str:
        """Ask for the business unit and, as `listen` does, for a review. Raises ChannelError."""
        try:
            name = self.reviews.name(self.options.api_key.get_secret_value())
        except HttpError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            message = f"Trustpilot has no business unit {self.instance}"
            raise ChannelError(message, permanent=True, hint="Check business_unit_id.") from error
        self.reviews.probe()
        self.known["handle"] = name
        how = "answers through the API" if self.answers_here else "read-only, answers by hand"
        return f"Trustpilot: {name} ({self.instance}), {how}"
