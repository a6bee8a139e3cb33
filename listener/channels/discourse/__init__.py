"""Discourse: hears a forum by polling or webhook, and answers in the topic under the post.

API: https://docs.discourse.org . Without a key the public posts are read and answers go by hand. Must not touch the
database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

import requests
from pydantic import Field, SecretStr, model_validator

from listener import unreadable
from listener.addresses import BaseAddress
from listener.answers import same
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
    ReplyMode,
    Sent,
    Unsure,
    by_hand,
)
from listener.channels.discourse import listening
from listener.channels.discourse.posts import moment, post_of
from listener.errors import ChannelError, HttpError
from listener.http import raise_for
from listener.said import mark

LONGEST, SHORTEST = 32_000, 20
LAST_OF_TOPIC = 9_999_999  # a post number beyond the end: the topic is shown at its last posts
_NO_KEY = mark("this source has no api_key: open the post and answer there")


class DiscourseOptions(Options):
    """Options of `source add discourse`."""

    base_url: BaseAddress = Field(description="address of the forum, as https://forum.example.com")
    api_key: SecretStr | None = Field(
        None, description="API key with the scopes posts, topics, search; to answer"
    )
    api_username: str | None = Field(None, description="user the key acts as")
    webhook_secret: SecretStr | None = Field(
        None, min_length=8, description="secret of the forum's webhook; also the last part of its address"
    )
    url_secret: SecretStr | None = Field(
        None, description="last part of the webhook's address, when it shall not be the secret"
    )
    read: Literal["all", "search"] = Field(
        "all",
        description="all: every public post; search: only what the forum's search finds (very large forums)",
        json_schema_extra={"of": "source"},
    )

    @model_validator(mode="after")
    def _key_has_user(self) -> DiscourseOptions:
        if self.api_key and not self.api_username:
            message = "api_key needs api_username: the user it acts as"
            raise ValueError(message)
        return self


class Discourse(Channel[DiscourseOptions]):
    """One forum, as one user or as nobody."""

    kind: ClassVar[str] = "discourse"
    title: ClassVar[str] = "Discourse"
    options_type = DiscourseOptions
    replies: ClassVar[bool] = True
    receives: ClassVar[bool] = True
    refreshes: ClassVar[int] = 20

    @classmethod
    def identity_of(cls, options: DiscourseOptions) -> tuple[str, str]:
        """A forum and the user we are there."""
        return options.base_url, (options.api_username or "").lower()

    @property
    def instance(self) -> str:
        """Host of the forum: ids are unique within it."""
        return urlsplit(self.options.base_url).netloc.lower()

    @property
    def ours(self) -> frozenset[str]:
        """Our user's name, lower case."""
        return frozenset({self.options.api_username.lower()}) if self.options.api_username else frozenset()

    def limits(self) -> Limits:
        """A forum may set other limits; these are Discourse's own."""
        return Limits(
            length=LONGEST, minimum=SHORTEST, poll_every=timedelta(minutes=2), read_lag=timedelta(seconds=20)
        )

    def hook_secret(self) -> str | None:
        """The last part of the webhook's address."""
        found = self.options.url_secret or self.options.webhook_secret
        return found.get_secret_value() if found else None

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Walk all posts or the searches; see `listening`."""
        return listening.listen(self, what, cursor)

    def post(self, said: Mapping[str, Any]) -> Post | Gone | None:
        """Return our form of a post of the API."""
        return post_of(said, base_url=self.options.base_url, instance=self.instance, ours=self.ours)

    def may_reply(self, post: Post) -> MayReply:
        """By the API with a key, when we know the topic."""
        if not self.options.api_key:
            return by_hand(post, _NO_KEY)
        if post.extra and not post.extra.get("topic_id"):
            return by_hand(post, "the post's topic is not known: open it and answer there")
        return MayReply(ReplyMode.API)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Post once under the post. Raises ChannelError; the API takes no idempotency key."""
        del key
        if not self.options.api_key:
            raise ChannelError(_NO_KEY, permanent=True, delivered=False)
        if not SHORTEST <= len(text) <= LONGEST:
            message = f"{len(text)} characters; this forum takes {SHORTEST} to {LONGEST}"
            raise ChannelError(message, permanent=True, delivered=False)
        body = {
            "raw": text,
            "topic_id": to.extra.get("topic_id"),
            "reply_to_post_number": to.extra.get("post_number"),
        }
        made = self._api.write("POST", "/posts.json", body, headers=self._headers())
        if made.get("action") == "enqueued":  # a moderator looks first
            pending = made.get("pending_post") or {}
            return Sent(id=f"pending:{pending.get('id') or 'unknown'}", pending=True)
        return self._sent(made.get("post") or made)

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Look among the answers to the post, at the end of its topic, and in the moderators' queue."""
        topic = attempt.to.extra.get("topic_id")
        seen: list[Any] = []
        for path in (f"/posts/{attempt.to.id}/replies.json", f"/t/{topic}/{LAST_OF_TOPIC}.json"):
            try:
                answer = self.http.get(self.options.base_url + path, headers=self._headers()).json()
            except HttpError as error:
                if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                    return Unsure(str(error))
                continue  # deleted meanwhile; our answer may still stand in the topic
            except ValueError:
                return Unsure("the forum answered something that is not JSON")
            stream = answer.get("post_stream") if isinstance(answer, dict) else None
            seen += answer if isinstance(answer, list) else (stream or {}).get("posts") or []
        for said in seen:
            made = unreadable.read("discourse", attempt.to.id, self.post, said)
            if isinstance(made, Post) and made.own and _is_it(made, said, attempt):
                return self._sent(said)
        return self._queued(attempt, topic)

    def receive(self, hook: Hook) -> Received:
        """Check the signature of the forum's webhook and read its post. Raises HttpError."""
        headers = {name.lower(): value for name, value in hook.headers.items()}
        secret = self.options.webhook_secret
        if secret is None:
            raise _refused("this source has no webhook_secret: set it to the secret of the forum's webhook")
        made = hmac.new(secret.get_secret_value().encode(), hook.body, hashlib.sha256).hexdigest()
        given = headers.get("x-discourse-event-signature", "")
        if not hmac.compare_digest(given.encode(), f"sha256={made}".encode()):
            raise _refused("X-Discourse-Event-Signature does not fit the body and the secret")
        try:
            said = json.loads(hook.body).get("post")
        except (ValueError, AttributeError) as error:
            raise HttpError(
                "the body is not a JSON object", permanent=True, status=HTTPStatus.BAD_REQUEST
            ) from error
        if not isinstance(said, Mapping) or "id" not in said:
            return Received()  # a ping, or an event about something else
        if headers.get("x-discourse-event") == "post_destroyed":
            return Received(gone=[Gone(str(said["id"]), self.instance)])
        found = unreadable.read("discourse", said["id"], self.post, said)
        if isinstance(found, Gone):
            return Received(gone=[found])
        return Received(posts=[found] if found else [])

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read posts one by one; what is deleted or hidden is gone."""
        for post in posts:
            try:
                said = self.read(f"/posts/{quote(post.id, safe='')}.json")
            except HttpError as error:
                if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                    raise
                yield Gone(post.id, post.instance)
                continue
            found = self.post({"topic_title": post.title} | said)
            if found is not None:
                yield found

    def check(self) -> str:
        """Ask who we are, or read the newest posts when we are nobody. Raises ChannelError."""
        found = self.listing("/posts.json", {})
        if not self.options.api_key:
            return (
                f"{self.instance} as nobody (read-only), {len(found.get('latest_posts') or [])} newest posts"
            )
        me = self.listing("/session/current.json", {}).get("current_user") or {}
        name = str(me.get("username") or self.options.api_username)
        self.known |= {"handle": name, "ours": [name]}
        return f"{self.instance} as @{name}"

    def read(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET an object. Raises ChannelError."""
        return self._api.read(path, params, self._headers())

    def listing(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """GET what anybody with our rights may read: a refusal means that the key is wrong. Raises ChannelError."""
        try:
            return self.read(path, params)
        except HttpError as error:
            if error.status != HTTPStatus.FORBIDDEN:
                raise
            raise HttpError(
                str(error), permanent=True, attention=True, status=error.status,
                hint="Check api_key and api_username; a private forum cannot be read without them.",
            ) from error  # fmt: skip

    @property
    def _api(self) -> Api:
        return Api(self.http, self.options.base_url, title="the forum", judge=_judge)

    def _headers(self) -> dict[str, str]:
        key = self.options.api_key
        if key is None:
            return {}
        return {"Api-Key": key.get_secret_value(), "Api-Username": str(self.options.api_username)}

    def _sent(self, said: Mapping[str, Any]) -> Sent:
        place = f"/t/{said.get('topic_slug') or '-'}/{said.get('topic_id')}/{said.get('post_number')}"
        return Sent(str(said["id"]), url=self.options.base_url + place, at=moment(said.get("created_at")))

    def _queued(self, attempt: Attempt, topic: Any) -> Sent | Absent | Unsure:
        name = quote(str(self.options.api_username), safe="")
        try:
            found = self.read(f"/posts/{name}/pending.json").get("pending_posts") or []
        except HttpError as error:
            return Absent() if error.status == HTTPStatus.NOT_FOUND else Unsure(str(error))
        except ChannelError as error:
            return Unsure(str(error))
        for one in found:
            if one.get("topic_id") == topic and same(
                str(one.get("raw_text") or one.get("raw") or ""), attempt.text
            ):
                return Sent(f"pending:{one.get('id')}", pending=True)
        return Absent()


def _is_it(made: Post, said: Mapping[str, Any], attempt: Attempt) -> bool:
    recent = made.posted_at >= attempt.since - timedelta(minutes=5)
    return recent and (same(str(said.get("raw") or ""), attempt.text) or same(made.text, attempt.text))


def _judge(answer: requests.Response) -> None:
    """Take the wait of a rate limit from the body where the header is missing."""
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" not in answer.headers:
        try:
            wait = (answer.json().get("extras") or {}).get("wait_seconds")
        except (ValueError, AttributeError):
            wait = None
        if wait is not None:
            answer.headers["Retry-After"] = str(wait)
    raise_for(answer)


def _refused(what: str) -> HttpError:
    return HttpError(what, permanent=True, status=HTTPStatus.UNAUTHORIZED)
