"""Webhook: a form, a chat or a shop system sends posts to us, and takes our replies at `reply_url`.

Incoming: `POST /hooks/<source>/<secret>` with JSON: one post, a list, or {"posts": [...], "deleted": ["id", ...]}.
A post has `text` and may have id, title, author (a name or {id, handle, name, url}), url, posted_at (ISO 8601 or
seconds since 1970), lang, rating, rating_scale, thread_id, parent_id, kind.

Both ways are signed with the secret: `X-AllEars-Timestamp` (seconds since 1970) and
`X-AllEars-Signature: sha256=` HMAC-SHA256 in hex over "<timestamp>.<body>". Older than five minutes is refused.

Replies: `POST reply_url` with {"in_reply_to", "thread_id", "text", "key"} and an Idempotency-Key header; any 2xx is
success, an `id` and `url` in the JSON answer are kept. `GET reply_url?key=…` says whether a reply arrived: 200 with
its `id`, or 404.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

import requests
from pydantic import Field, SecretStr

from listener.addresses import Address
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
    PostAuthor,
    Received,
    ReplyMode,
    Sent,
    Unsure,
)  # fmt: skip
from listener.errors import ChannelError, HttpError

OLDEST = timedelta(minutes=5)
MOST_POSTS = 1000
KINDS = frozenset({"post", "comment", "review", "message", "mail"})


class WebhookOptions(Options):
    """Options of `source add webhook`."""

    secret: SecretStr = Field(min_length=8, description="signs both ways; also the last part of the address")
    url_secret: SecretStr | None = Field(
        None, description="last part of the address, when it shall not be the key"
    )
    reply_url: Address | None = Field(
        None, description="where replies are posted; without it posts are answered by hand"
    )
    site: str = Field(
        "", max_length=100, description="name of the sending system, when two of them number alike"
    )


class Webhook(Channel[WebhookOptions]):
    """One sending system."""

    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    options_type = WebhookOptions
    replies: ClassVar[bool] = True
    receives: ClassVar[bool] = True

    @classmethod
    def identity_of(cls, options: WebhookOptions) -> tuple[str, str]:
        """A site, or else the secret, tells two senders apart."""
        name = (
            options.site
            or "key:" + hashlib.sha256(options.secret.get_secret_value().encode()).hexdigest()[:16]
        )
        return (options.reply_url or "")[:300], name

    @property
    def instance(self) -> str:
        """The sending system."""
        return self.options.site

    def limits(self) -> Limits:
        """There is nothing to poll: a visit a day keeps the coverage ledger honest."""
        return Limits(length=10_000 if self.options.reply_url else None, poll_every=timedelta(days=1))

    def hook_secret(self) -> str | None:
        """The last part of the address."""
        return (self.options.url_secret or self.options.secret).get_secret_value()

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Nothing is fetched: posts come by `receive`."""
        del what
        yield Page((), cursor)

    def receive(self, hook: Hook) -> Received:
        """Check signature and age, then read the posts. Raises ChannelError with the HTTP status to answer."""
        self._verify(hook)
        try:
            said = json.loads(hook.body)
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise _bad(f"the body is not JSON ({error})") from error
        deleted: list[Any] = []
        if isinstance(said, dict) and ("posts" in said or "deleted" in said):
            posts, deleted = said.get("posts") or [], said.get("deleted") or []
        else:
            posts = said if isinstance(said, list) else [said]
        if not isinstance(posts, list) or not isinstance(deleted, list):
            raise _bad('"posts" and "deleted" must be lists')
        if len(posts) + len(deleted) > MOST_POSTS:
            raise _bad(f"more than {MOST_POSTS} posts in one request; send them in several")
        return Received(
            posts=[self._post(number, item) for number, item in enumerate(posts)],
            gone=[Gone(str(name), self.instance) for name in deleted],
        )

    def may_reply(self, post: Post) -> MayReply:
        """By the callback where there is one."""
        if self.options.reply_url:
            return MayReply(ReplyMode.API)
        if post.url:
            return MayReply(ReplyMode.LINK, "this webhook has no reply_url: open the post and answer there")
        return MayReply(ReplyMode.NONE, "this webhook has no reply_url and the post has no address")

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Post the reply to the callback, once. Raises ChannelError; an HttpError says whether it was delivered."""
        body = json.dumps(
            {"in_reply_to": to.id, "thread_id": to.thread_id, "text": text, "key": key}, ensure_ascii=False
        ).encode()
        headers = self._signed(body) | {"Idempotency-Key": key}
        answer = self.http.request("POST", self._callback(), data=body, headers=headers)
        said = _json(answer)
        return Sent(
            id=str(said.get("id") or key),
            url=str(said["url"]) if said.get("url") else None,
            at=datetime.now(UTC),
            pending=answer.status_code == requests.codes.accepted,
        )

    def find(self, attempt: Attempt) -> Sent | Absent | Unsure:
        """Ask the callback for our key."""
        try:
            answer = self.http.get(self._callback(), params={"key": attempt.key}, headers=self._signed(b""))
        except ChannelError as error:
            if isinstance(error, HttpError) and error.status == HTTPStatus.NOT_FOUND:
                return Absent()
            return Unsure(str(error))
        said = _json(answer)
        if not said.get("id"):
            return Unsure("the callback does not say whether it has the reply")
        return Sent(id=str(said["id"]), url=str(said["url"]) if said.get("url") else None)

    def check(self) -> str:
        """Nothing to log in to; the callback's address is shown."""
        return f"waits for signed posts; replies go to {self.options.reply_url or 'nowhere (no reply_url)'}"

    def _callback(self) -> str:
        if not self.options.reply_url:
            raise ChannelError(
                "this webhook has no reply_url", permanent=True, hint="Set reply_url=… on its account."
            )
        return self.options.reply_url

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        return {
            "Content-Type": "application/json",
            "X-AllEars-Timestamp": stamp,
            "X-AllEars-Signature": f"sha256={self._hmac(stamp, body)}",
        }

    def _hmac(self, stamp: str, body: bytes) -> str:
        secret = self.options.secret.get_secret_value().encode()
        return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()

    def _verify(self, hook: Hook) -> None:
        headers = {name.lower(): value for name, value in hook.headers.items()}
        stamp, given = headers.get("x-allears-timestamp", ""), headers.get("x-allears-signature", "")
        if not stamp.isascii() or not stamp.isdigit():
            raise _refused("X-AllEars-Timestamp is missing: seconds since 1970")
        if not hmac.compare_digest(given.encode(), f"sha256={self._hmac(stamp, hook.body)}".encode()):
            raise _refused("X-AllEars-Signature does not fit the timestamp, the body and the secret")
        if abs(time.time() - int(stamp)) > OLDEST.total_seconds():
            raise _refused("the request is older than five minutes, or a clock is wrong")

    def _post(self, number: int, item: object) -> Post:
        if not isinstance(item, Mapping) or not str(item.get("text") or "").strip():
            raise _bad(f"post {number}: it needs a text")
        author = item.get("author")
        who = author if isinstance(author, Mapping) else {"name": author} if author else {}
        name = str(who.get("id") or who.get("handle") or who.get("name") or "")
        digest = hashlib.sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()
        kind = str(item.get("kind") or "message")
        return Post(
            id=str(item.get("id") or f"sha256:{digest}"),
            text=str(item["text"]),
            title=str(item["title"]) if item.get("title") else None,
            posted_at=_instant(number, item.get("posted_at")),
            instance=self.instance,
            kind=kind if kind in KINDS else "message",
            author=PostAuthor(name, _text(who.get("handle")), _text(who.get("name")), _text(who.get("url")))
            if name
            else None,
            url=_text(item.get("url")),
            language=_text(item.get("lang") or item.get("language")),
            rating=_number(number, item.get("rating")),
            rating_scale=int(_number(number, item.get("rating_scale")) or 5)
            if item.get("rating") is not None
            else None,
            thread_id=_text(item.get("thread_id")),
            parent_id=_text(item.get("parent_id")),
            addressed_to_us=True,  # somebody filled in our form or wrote in our chat
            raw=dict(item),
        )


def _text(value: object) -> str | None:
    return str(value) if value is not None and value != "" else None


def _number(number: int, value: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        return float(str(value))
    except ValueError:
        raise _bad(f"post {number}: {str(value)[:40]!r} is not a number") from None


def _instant(number: int, value: object) -> datetime:
    if value is None or value == "":
        return datetime.now(UTC)
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        raise _bad(f"post {number}: posted_at {str(value)[:40]!r} is neither ISO 8601 nor seconds") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _bad(what: str) -> HttpError:
    return HttpError(what, permanent=True, status=HTTPStatus.BAD_REQUEST)


def _refused(what: str) -> HttpError:
    return HttpError(what, permanent=True, status=HTTPStatus.UNAUTHORIZED)
