"""Google Business Profile: the reviews of a place on Google Maps and Search, and the owner's answers.

Google gives the API to approved projects only. Last changed first, so an edited review comes up again; an answer may be
looked at before it is public, and may be rejected. Must not touch the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator

from listener import answers, google, paging, tokens, walk
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
)
from listener.channels.googlebusiness.posts import answer_of, post_of
from listener.errors import ChannelError, HttpError
from listener.oauth import flow
from listener.said import mark

API_URL = "https://mybusiness.googleapis.com"
CONNECTOR = google.GoogleConnector(API_URL, "https://www.googleapis.com/auth/business.manage")
ACCOUNTS_URL = "https://mybusinessaccountmanagement.googleapis.com"
_LOCATION = re.compile(r"accounts/[\w-]+/locations/[\w-]+")
LENGTH = 4096  # bytes of UTF-8
PAGE = "50"  # the most the API gives
LATE = int(timedelta(days=1).total_seconds())  # reviews vanish and come back under their old time
QUOTA_WAIT = timedelta(minutes=1)


class GoogleBusinessOptions(Options):
    """Options of `source add googlebusiness`."""

    location: str = Field(
        description="name of the place in the API: accounts/…/locations/…",
        json_schema_extra={"of": "source"},
    )
    client_id: str = Field(min_length=1, description="OAuth client of the approved project")
    client_secret: SecretStr = Field(min_length=1, description="its secret")
    refresh_token: SecretStr = Field(
        min_length=1, description="of an owner or manager; scope business.manage"
    )
    base_url: BaseAddress = Field(API_URL, description="address of the API")
    auth_url: Address | None = Field(None, description="where tokens are asked for; Google's when empty")

    @field_validator("location")
    @classmethod
    def _place(cls, value: str) -> str:
        name = value.strip().strip("/")
        if not _LOCATION.fullmatch(name):
            message = f"{value!r} is not the whole name of a place: write accounts/…/locations/…"
            raise ValueError(message)
        return name


class GoogleBusiness(Channel[GoogleBusinessOptions]):
    """One place through one Google account."""

    kind: ClassVar[str] = "googlebusiness"
    title: ClassVar[str] = "Google Business Profile"
    options_type = GoogleBusinessOptions
    replies: ClassVar[bool] = True
    refreshes: ClassVar[int] = 50

    connector = CONNECTOR

    @classmethod
    def identity_of(cls, options: GoogleBusinessOptions) -> tuple[str, str]:
        """A hash stands for the token."""
        digest = tokens.digest(options.refresh_token.get_secret_value())
        return options.base_url, f"token:{digest}"

    @property
    def instance(self) -> str:
        """The place."""
        return self.options.location

    @cached_property
    def api(self) -> Api:
        """The API as the account."""
        return self._api(self.options.base_url)

    def renewal(self) -> tokens.Renewal:
        """By the refresh token."""
        platform = CONNECTOR.platform(self.options.plain())
        return flow.renewal(self.http, platform, self.options.refresh_token.get_secret_value())

    def limits(self) -> Limits:
        """4,096 bytes; 300 requests a minute."""
        return Limits(
            length=LENGTH,
            unit="bytes (a letter has one to four)",
            measure=lambda text: len(text.encode("utf-8", "surrogatepass")),
            poll_every=timedelta(minutes=5),
            read_lag=timedelta(seconds=60),
        )

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk the reviews, last changed first, down to where the last run ended."""
        states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})

        def start(state: walk.State | None) -> Iterator[walk.Step]:
            ceiling = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
            return paging.onwards(state, self._page, since=what.since, window=LATE, ceiling=ceiling)

        yield from walk.together({"reviews": start}, states, max_pages=what.max_pages)

    def may_reply(self, post: Post) -> MayReply:
        """By the API; Google's refusal of an earlier answer is told."""
        rejected = post.extra.get("answer_rejected")
        may = answers.may_reply(post, self.title)
        return (
            MayReply(may.mode, mark("Google rejected the last answer (%(why)s): write another", why=rejected))
            if rejected
            else may
        )

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Create the answer, or replace the one that was shown; it may be checked first. Raises ChannelError."""
        del key  # the API knows no keys; a review has one answer, so a repeated call changes nothing
        if (count := self.limits().measure(text)) > LENGTH:
            message = f"{count} bytes; Google Business Profile allows {LENGTH}"
            raise ChannelError(message, permanent=True, hint="Shorten it.")
        try:
            present = self._one(to)[1]
        except ChannelError:
            present = None  # the answer to the request itself says what is wrong
        there = answers.already(to, text, present, self.title)
        if there is not None:
            return there
        made = self.api.write("PUT", f"{self._path(to)}/reply", {"comment": text})
        if not made.get("comment"):
            # an HttpError without a status: nobody knows whether it was taken
            raise HttpError("Google took the answer and does not say what became of it")
        answer = answer_of(made, to.id)
        if answer is None:
            message = f"Google rejected the answer ({made.get('policyViolation') or 'policy'})"
            raise ChannelError(
                message, permanent=True, hint="Read Google's rules for answers and write another."
            )
        return answer.sent(to.url)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Read the review's answer."""
        try:
            present = self._one(attempt.to)[1]
        except HttpError as error:
            return Absent() if error.status == HTTPStatus.NOT_FOUND else Unsure(str(error))
        except ChannelError as error:
            return Unsure(str(error))
        return answers.find(attempt, present)

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read reviews one by one; this also finds answers given elsewhere, which do not move a review up."""
        for post in posts:
            try:
                yield from answers.both(*self._one(post))
            except HttpError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                yield Gone(post.id, post.instance)

    def check(self) -> str:
        """Ask for a review, and for the account's name where that API is open to us. Raises ChannelError."""
        try:
            found = self.api.read(f"/v4/{self.instance}/reviews", {"pageSize": "1"})
        except HttpError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            message = f"Google Business Profile knows no {self.instance} of this account"
            raise ChannelError(
                message, permanent=True, hint="Check location; the place must be verified."
            ) from error
        name = self._account_name()
        self.known |= {"handle": name, "id": self.instance.partition("/locations/")[0]}
        return f"Google Business Profile as {name}: {found.get('totalReviewCount', 0)} reviews of {self.instance}"

    def _page(self, place: str | None) -> paging.Leaf:
        asked = {"pageSize": PAGE, "orderBy": "updateTime desc"} | ({"pageToken": place} if place else {})
        try:
            found = self.api.read(f"/v4/{self.instance}/reviews", asked)
        except HttpError as error:
            if place and error.status == HTTPStatus.BAD_REQUEST:
                raise paging.PlaceLostError from error
            raise
        items: list[walk.Item] = []
        for review in found.get("reviews") or []:
            post, answer = post_of(review, self.instance)
            at = post.edited_at or post.posted_at
            items.append(walk.Item(int(at.timestamp()), at, post))
            if answer is not None:
                items.append(walk.Item(int(at.timestamp()), at, answers.own_post(post, answer)))
        following = found.get("nextPageToken")
        return paging.Leaf(items, str(following) if following else None)

    def _one(self, post: Post) -> tuple[Post, answers.Answer | None]:
        return post_of(self.api.read(self._path(post)), post.instance or self.instance)

    def _path(self, post: Post) -> str:
        return f"/v4/{post.instance or self.instance}/reviews/{quote(post.id, safe='')}"

    def _account_name(self) -> str:
        usual = self.options.base_url == API_URL
        account = self.instance.partition("/locations/")[0]
        try:
            said = self._api(ACCOUNTS_URL if usual else self.options.base_url).read(f"/v1/{account}")
        except HttpError as error:
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
                raise
            return account
        return str(said.get("accountName") or account)

    def _api(self, base_url: str) -> Api:
        renewal = self.renewal()
        return Api(
            self.http,
            base_url.rstrip("/"),
            title=self.title,
            bearer=lambda: self.keeper.token(renewal),
            refused=lambda: self.keeper.refused(renewal),
            judge=google.judge(lambda: QUOTA_WAIT),
        )
