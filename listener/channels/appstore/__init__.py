"""App Store: reviews of an app, by the store's public feed or, with a key, by App Store Connect, which also answers.

Without `issuer_id`, `key_id` and `private_key` only the feed is read (500 newest per country) and answers go by hand.
The two number reviews differently: a source that gets a key hears the newest reviews once more. Must not touch the
database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import ClassVar, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, SecretStr, field_validator, model_validator

from listener import answers, tokens
from listener.addresses import BaseAddress
from listener.api import Api
from listener.channels.appstore import connect, rss
from listener.channels.appstore.posts import post_of_review
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
from listener.errors import ChannelError, HttpError
from listener.pem import pem
from listener.said import mark

FEED_URL = "https://itunes.apple.com"
CONNECT_URL = "https://api.appstoreconnect.apple.com"
LENGTH = 5970
_APP = re.compile(r"(?:https://(?:apps|itunes)\.apple\.com/\S*/id)?(\d{3,20})(?:[/?#]\S*)?")
BY_HAND = mark(
    "this source has no key for App Store Connect: answer under Ratings and Reviews on appstoreconnect.apple.com"
)


class AppStoreOptions(Options):
    """Options of `source add appstore`."""

    app_id: str = Field(
        description="number of the app, or its address: …/id497799835",
        json_schema_extra={"of": "source"},
    )
    countries: list[str] = Field(
        default_factory=list,
        description="stores to read, comma-separated (us,fr,il); feed: us, Connect: all of them when empty",
        json_schema_extra={"of": "source"},
    )
    issuer_id: str | None = Field(
        None, description="App Store Connect, Users and Access, Integrations: issuer"
    )
    key_id: str | None = Field(None, description="id of the key there")
    private_key: SecretStr | None = Field(None, description="content of its AuthKey_….p8 file")
    base_url: BaseAddress | None = Field(
        None,
        description="address of the API; when empty https://itunes.apple.com or, with a key, "
        "https://api.appstoreconnect.apple.com",
    )

    @field_validator("app_id")
    @classmethod
    def _app(cls, value: str) -> str:
        found = _APP.fullmatch(value.strip())
        if found is None:
            message = f"{value!r} is no app: write its number, or its address on apps.apple.com"
            raise ValueError(message)
        return found[1]

    @field_validator("countries")
    @classmethod
    def _countries(cls, value: list[str]) -> list[str]:
        codes = list(dict.fromkeys(code.strip().lower() for code in value if code.strip()))
        for code in codes:
            if not (code.isascii() and code.isalpha() and len(code) in {2, 3}):
                message = f"{code!r} is no country code; write for example us,fr,il"
                raise ValueError(message)
        return codes

    @field_validator("private_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        text = pem(value.get_secret_value())
        try:
            usable = isinstance(load_pem_private_key(text.encode(), None), ec.EllipticCurvePrivateKey)
        except (ValueError, TypeError):
            usable = False
        if not usable:
            message = "must be the content of the AuthKey_….p8 file, -----BEGIN PRIVATE KEY----- included"
            raise ValueError(message)
        return SecretStr(text)

    @model_validator(mode="after")
    def _together(self) -> Self:
        given = [bool(self.issuer_id), bool(self.key_id), self.private_key is not None]
        if any(given) and not all(given):
            message = "issuer_id, key_id and private_key belong together: give all three or none"
            raise ValueError(message)
        return self


class AppStore(Channel[AppStoreOptions]):
    """One app, through one key or the public feed."""

    kind: ClassVar[str] = "appstore"
    title: ClassVar[str] = "App Store"
    options_type = AppStoreOptions
    replies: ClassVar[bool] = True
    refreshes: ClassVar[int] = 50

    @classmethod
    def identity_of(cls, options: AppStoreOptions) -> tuple[str, str]:
        """A key is an identity, and so is reading without one."""
        base = options.base_url or (CONNECT_URL if options.private_key else FEED_URL)
        return base, f"{options.issuer_id}/{options.key_id}" if options.private_key else ""

    @property
    def instance(self) -> str:
        """The app."""
        return self.options.app_id

    @property
    def keyed(self) -> bool:
        """Whether there is a key for App Store Connect."""
        return self.options.private_key is not None

    @property
    def api(self) -> Api:
        """The interface that the options open."""
        base, identity = self.identity_of(self.options)
        key = self.options.private_key
        if key is None:
            return Api(self.http, base, title=self.title)
        secret = key.get_secret_value()
        shelf = f"appstore {identity} {tokens.digest(secret)}"

        def fetch() -> tokens.Granted:
            return connect.signed(self.options.issuer_id or "", self.options.key_id or "", secret)

        return Api(
            self.http,
            base,
            title="App Store Connect",
            bearer=lambda: tokens.access_token(shelf, fetch),
            refused=lambda: tokens.forget(shelf),
            judge=connect.judge,
        )

    def limits(self) -> Limits:
        """5,970 characters; 3,600 requests an hour with a key, the feed wants to be read gently."""
        return Limits(
            length=LENGTH if self.keyed else None,
            poll_every=timedelta(minutes=10 if self.keyed else 15),
            read_lag=timedelta(seconds=30),
        )

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the feed of each country, or the reviews in App Store Connect."""
        if self.keyed:
            return connect.listen(self.api, self.options.app_id, self.options.countries, what, cursor)
        return rss.listen(self.api, self.options.app_id, self.options.countries or ["us"], what, cursor)

    def may_reply(self, post: Post) -> MayReply:
        """By the API with a key; a review of the feed has no id there and is answered by hand."""
        if not self.keyed:
            return by_hand(post, BY_HAND)
        if post.extra.get("feed"):
            return by_hand(
                post, "heard in the public feed, before there was a key: answer it in App Store Connect"
            )
        return answers.may_reply(post, self.title)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Create the response, or replace the one that was shown; Apple publishes it later. Raises ChannelError."""
        del key  # the API knows no keys; a review has one response, so a repeated call changes nothing
        if not self.keyed:
            raise ChannelError(BY_HAND, permanent=True, attention=True, delivered=False)
        if len(text) > LENGTH:
            message = f"{len(text)} characters; the App Store allows {LENGTH}"
            raise ChannelError(message, permanent=True, hint="Shorten it.")
        api = self.api
        try:
            present = connect.review(api, to.id)[1]
        except ChannelError:
            present = None  # the answer to the request itself says what is wrong
        there = answers.already(to, text, present, self.title)
        return there or connect.respond(api, to.id, text).sent(to.url)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Read the review's response."""
        try:
            present = connect.review(self.api, attempt.to.id)[1]
        except HttpError as error:
            return Absent() if error.status == HTTPStatus.NOT_FOUND else Unsure(str(error))
        except ChannelError as error:
            return Unsure(str(error))
        return answers.find(attempt, present)

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read reviews one by one; the feed cannot be asked for one."""
        for post in posts if self.keyed else ():
            try:
                found, answer = connect.review(self.api, post.id)
            except HttpError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                yield Gone(post.id, post.instance)
                continue
            review = post_of_review(found, answer, app_id=post.instance or self.instance)
            yield from answers.both(review, answer)

    def check(self) -> str:
        """Ask for the app. Raises ChannelError."""
        if not self.keyed:
            return rss.check(self.api, self.options.app_id, self.options.countries or ["us"])
        name = connect.app_name(self.api, self.options.app_id)
        self.known["handle"] = name
        return f"App Store Connect: {name} (app {self.options.app_id}), key {self.options.key_id}"
