"""Google Play: reviews of an app by the publisher API, which also answers, or without a key from the store's page.

Without `service_account` the newest reviews of one country and some languages are read and answers go by hand. Must
not touch the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from listener import answers, google, tokens
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
    Sent,
    Unsure,
    by_hand,
)
from listener.channels.googleplay import publisher
from listener.channels.googleplay.store import Store
from listener.errors import ChannelError, HttpError
from listener.oauth import flow
from listener.said import mark

API_URL = "https://androidpublisher.googleapis.com"
CONNECTOR = google.GoogleConnector(API_URL, publisher.SCOPE)
STORE_URL = "https://play.google.com"
LENGTH = 350
_PACKAGE = re.compile(
    r"(?:https://play\.google\.com/store/apps/details\?(?:\S*&)?id=)?([A-Za-z]\w*(?:\.[A-Za-z]\w*)+)(?:&\S*)?"
)
BY_HAND = mark("this source has no service_account: answer under Ratings and reviews in the Play Console")


class GooglePlayOptions(Options):
    """Options of `source add googleplay`."""

    package_name: str = Field(
        description="package of the app, as com.example.app, or its address on play.google.com",
        json_schema_extra={"of": "source"},
    )
    languages: list[str] = Field(
        default_factory=lambda: ["en"],
        description="without a key: languages to read, comma-separated (the API gives all)",
        json_schema_extra={"of": "source"},
    )
    country: str = Field(
        "us",
        description="without a key: country of the store",
        json_schema_extra={"of": "source"},
    )
    service_account: SecretStr | None = Field(
        None, description="content of the service account's JSON key file; it needs 'Reply to reviews'"
    )
    client_id: str | None = Field(
        None, description="OAuth client, to connect by log-in instead of a key file"
    )
    client_secret: SecretStr | None = Field(None, description="its secret")
    refresh_token: SecretStr | None = Field(None, description="of somebody who may answer reviews")
    base_url: BaseAddress | None = Field(
        None,
        description="address of the API; when empty https://androidpublisher.googleapis.com or, without a key, "
        "https://play.google.com",
    )
    auth_url: Address | None = Field(
        None, description="where tokens are asked for; the key file's when empty"
    )

    @field_validator("package_name")
    @classmethod
    def _package(cls, value: str) -> str:
        found = _PACKAGE.fullmatch(value.strip())
        if found is None:
            message = f"{value!r} is no package: write for example com.example.app, or the app's address"
            raise ValueError(message)
        return found[1]

    @field_validator("country")
    @classmethod
    def _country(cls, value: str) -> str:
        code = value.strip().lower()
        if not (code.isascii() and code.isalpha() and len(code) == len("us")):
            message = f"{value!r} is no country code; write for example us, fr or il"
            raise ValueError(message)
        return code

    @field_validator("service_account")
    @classmethod
    def _account(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        google.account_of(value.get_secret_value())
        return value


class GooglePlay(Channel[GooglePlayOptions]):
    """One app, through one service account, a person who logged in, or the store's page."""

    connector = CONNECTOR

    kind: ClassVar[str] = "googleplay"
    title: ClassVar[str] = "Google Play"
    options_type = GooglePlayOptions
    replies: ClassVar[bool] = True
    refreshes: ClassVar[int] = 3

    @classmethod
    def identity_of(cls, options: GooglePlayOptions) -> tuple[str, str]:
        """A service account is an identity, and so is reading without one."""
        keyed = options.service_account is not None or options.refresh_token is not None
        base = options.base_url or (API_URL if keyed else STORE_URL)
        if options.service_account is None and options.refresh_token is not None:
            return base, f"token:{tokens.digest(options.refresh_token.get_secret_value())}"
        if options.service_account is None:
            return base, ""
        return base, google.account_of(options.service_account.get_secret_value())["client_email"][:200]

    @property
    def instance(self) -> str:
        """The app."""
        return self.options.package_name

    @property
    def keyed(self) -> bool:
        """Whether there is a service account, or somebody has logged in."""
        return self.options.service_account is not None or self.options.refresh_token is not None

    @cached_property
    def account(self) -> dict[str, str]:
        """The service account. Raises ChannelError without one."""
        if self.options.service_account is None:
            raise ChannelError(BY_HAND, permanent=True, attention=True, delivered=False)
        return google.account_of(self.options.service_account.get_secret_value())

    @cached_property
    def api(self) -> Api:
        """The publisher API. Raises ChannelError without a service account or log-in."""
        if (renewal := self.renewal()) is not None:
            return Api(
                self.http,
                self.identity_of(self.options)[0],
                title=self.title,
                bearer=lambda: self.keeper.token(renewal),
                refused=lambda: self.keeper.refused(renewal),
                judge=google.judge(lambda: publisher.QUOTA_WAIT),
            )
        account, (base, identity) = self.account, self.identity_of(self.options)
        url = google.token_url(self.options.auth_url, base, API_URL, account.get("token_uri"))
        shelf = f"googleplay {url} {identity} {tokens.digest(account['private_key'])}"
        return Api(
            self.http,
            base,
            title=self.title,
            bearer=lambda: tokens.access_token(
                shelf, lambda: google.asserted(self.http, url, account, publisher.SCOPE)
            ),
            refused=lambda: tokens.forget(shelf),
            judge=google.judge(lambda: publisher.QUOTA_WAIT),
        )

    def renewal(self) -> tokens.Renewal | None:
        """By the refresh token of who has logged in; a service account signs for itself."""
        if self.options.service_account is not None or self.options.refresh_token is None:
            return None
        platform = CONNECTOR.platform(self.options.plain())
        return flow.renewal(self.http, platform, self.options.refresh_token.get_secret_value())

    @property
    def store(self) -> Store:
        """The store's page."""
        base, _ = self.identity_of(self.options)
        return Store(self.http, base, self.options.package_name, self.options.country)

    def limits(self) -> Limits:
        """350 characters; 200 reads an hour per app."""
        return Limits(
            length=LENGTH if self.keyed else None,
            poll_every=timedelta(minutes=5 if self.keyed else 15),
            read_lag=timedelta(seconds=60),
        )

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the API's reviews of the last week, or the store's newest per language."""
        if self.keyed:
            return publisher.listen(self.api, self.options.package_name, what, cursor)
        return self.store.listen(self.options.languages, what, cursor)

    def may_reply(self, post: Post) -> MayReply:
        """By the API with a service account."""
        if not self.keyed:
            return by_hand(post, BY_HAND)
        return answers.may_reply(post, self.title)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Create the answer, or replace the one that was shown; it is public at once. Raises ChannelError."""
        del key  # the API knows no keys; a review has one answer, so a repeated call changes nothing
        api, package = self.api, to.instance or self.instance
        if len(text) > LENGTH:
            message = f"{len(text)} characters; Google Play allows {LENGTH}"
            raise ChannelError(message, permanent=True, hint="Shorten it.")
        try:
            present = publisher.review(api, package, to.id)[1]
        except ChannelError:
            present = None  # older than a week, or the answer to the request itself says what is wrong
        there = answers.already(to, text, present, self.title)
        return there or publisher.answer(api, package, to.id, text).sent(to.url)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Read the review's answer; after a week the API does not show the review any more."""
        try:
            present = publisher.review(self.api, attempt.to.instance or self.instance, attempt.to.id)[1]
        except HttpError as error:
            if error.status == HTTPStatus.NOT_FOUND and self._readable(attempt.to):
                return Absent()
            return Unsure(f"{error}; look in the Play Console")
        except ChannelError as error:
            return Unsure(str(error))
        return answers.find(attempt, present)

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read reviews one by one; what is older than a week is left as it is."""
        for post in posts if self.keyed else ():
            try:
                yield from answers.both(*publisher.review(self.api, post.instance or self.instance, post.id))
            except HttpError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                if self._readable(post):
                    yield Gone(post.id, post.instance)

    def check(self) -> str:
        """Ask for a review, or for the app's page. Raises ChannelError."""
        if not self.keyed:
            return self.store.check()
        who = self.account["client_email"] if self.options.service_account else "the account that logged in"
        if self.options.service_account:
            self.known["handle"] = who
        return publisher.check(self.api, self.options.package_name, who)

    @staticmethod
    def _readable(post: Post) -> bool:
        return datetime.now(UTC) - post.posted_at < publisher.READABLE
