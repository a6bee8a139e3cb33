"""Telegram: what is written to a bot, or in the groups and channels it is in, by getUpdates or webhook; answers there.

Bot API: https://core.telegram.org/bots/api . The platform keeps updates for a day and forgets those below the offset
that is asked for, so only what was stored is confirmed. Must not touch the database.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

import requests
from pydantic import Field, SecretStr, field_validator

from listener.addresses import BaseAddress
from listener.api import Api
from listener.channels.base import (
    Attempt,
    Channel,
    Cursor,
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
from listener.channels.telegram.posts import KINDS, page
from listener.errors import ChannelError, HttpError

LONGEST = 4096  # UTF-16 code units
BATCH = 100
# "if there are no new updates for at least a week, the next identifier is chosen randomly": an old offset would then
# hide what has a lower one. By then everything below it is confirmed, so asking without one loses nothing.
IDLE = timedelta(days=6)


class TelegramOptions(Options):
    """Options of `source add telegram`."""

    bot_token: SecretStr = Field(description="token that @BotFather gave, as 123456789:AA…")
    base_url: BaseAddress = Field(
        "https://api.telegram.org", description="address of the Bot API, or of your own server"
    )
    webhook_secret: SecretStr | None = Field(
        None,
        min_length=8,
        max_length=256,
        description="secret_token of setWebhook and last part of its address; without it updates are polled",
    )

    @field_validator("bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"\d{1,20}:[\w-]+", value.get_secret_value()):
            message = "must be what @BotFather gave: a number, a colon, letters"
            raise ValueError(message)
        return value


class Telegram(Channel[TelegramOptions]):
    """One bot."""

    kind: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram"
    options_type = TelegramOptions
    replies: ClassVar[bool] = True
    receives: ClassVar[bool] = True

    @classmethod
    def identity_of(cls, options: TelegramOptions) -> tuple[str, str]:
        """The number before the colon of the token is the bot's public id."""
        return options.base_url, f"bot:{_bot_id(options)}"

    @property
    def bot(self) -> str:
        """Our id."""
        return _bot_id(self.options)

    def limits(self) -> Limits:
        """A message holds 4,096 UTF-16 units; a bot cannot read back what it sent."""
        return Limits(
            length=LONGEST, unit="UTF-16 units (an emoji counts 2 or more)", measure=measure,
            poll_every=timedelta(seconds=15),
        )  # fmt: skip

    def hook_secret(self) -> str | None:
        """The last part of the webhook's address."""
        secret = self.options.webhook_secret
        return secret.get_secret_value() if secret else None

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Ask for the updates above the last one that was stored; nothing when they come by webhook."""
        state = dict(cursor or {})
        if self.options.webhook_secret is not None:
            yield Page((), cursor)
            return
        name = self._name()
        seen: set[int] = set()
        for _ in range(what.max_pages):
            updates = self._updates(state)
            fresh = [one for one in updates if one["update_id"] not in seen]
            seen |= {one["update_id"] for one in fresh}
            if fresh:
                last = max(int(one["update_id"]) for one in fresh)
                state = {"v": 1, "update_id": last, "at": datetime.now(UTC).isoformat()}
            more = bool(fresh) and len(updates) >= BATCH
            yield page(fresh, bot=self.bot, name=name, cursor=state, more=more)
            if not more:
                return

    def may_reply(self, post: Post) -> MayReply:
        """By the API wherever the bot heard something."""
        if post.extra and not post.extra.get("chat_id"):
            return by_hand(post, "the chat of this message is not known")
        return MayReply(ReplyMode.API)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Send once, as an answer to the message. Raises ChannelError; Telegram has no idempotency key."""
        del key
        if (count := measure(text)) > LONGEST:
            message = f"{count} UTF-16 units; Telegram takes {LONGEST}"
            raise ChannelError(message, permanent=True, delivered=False, hint="Shorten it.")
        chat, number = to.extra.get("chat_id"), to.extra.get("message_id")
        if chat is None or number is None:
            chat, _, number = to.id.rpartition(":")
        body: dict[str, Any] = {
            "chat_id": chat,
            "text": text,
            # an answer to a message that is gone would stand there without its question
            "reply_parameters": {"message_id": int(number), "allow_sending_without_reply": False},
        }
        if to.extra.get("business"):
            body["business_connection_id"] = to.extra["business"]
        if to.extra.get("topic"):
            body["message_thread_id"] = to.extra["topic"]
        made = self._api.write("POST", f"{self._path}/sendMessage", body).get("result") or {}
        at = made.get("date")
        return Sent(
            id=f"{chat}:{made['message_id']}" if made.get("message_id") else "",
            at=datetime.fromtimestamp(at, UTC) if isinstance(at, int) else None,
        )

    def find(self, attempt: Attempt) -> Unsure:
        """A bot cannot read a chat: only a person can look."""
        del attempt
        return Unsure(
            "Telegram does not let a bot read what it sent: look into the chat and say whether it is there"
        )

    def receive(self, hook: Hook) -> Received:
        """Check the secret header and read one update. Raises HttpError."""
        secret = self.options.webhook_secret
        given = {name.lower(): value for name, value in hook.headers.items()}.get(
            "x-telegram-bot-api-secret-token", ""
        )
        if secret is None or not hmac.compare_digest(given.encode(), secret.get_secret_value().encode()):
            raise HttpError(
                "X-Telegram-Bot-Api-Secret-Token does not fit webhook_secret",
                permanent=True, status=HTTPStatus.UNAUTHORIZED,
            )  # fmt: skip
        try:
            update = json.loads(hook.body)
        except ValueError as error:
            raise HttpError("the body is not JSON", permanent=True, status=HTTPStatus.BAD_REQUEST) from error
        if not isinstance(update, dict):
            return Received()
        found = page([update], bot=self.bot, name=self.known.get("handle"), cursor={}, more=False)
        return Received(posts=found.posts, gone=found.gone)

    def check(self) -> str:
        """Ask who we are and how updates come. Raises ChannelError."""
        self.known.pop("handle", None)
        name = self._name()
        hook = self._api.read(f"{self._path}/getWebhookInfo").get("result") or {}
        if hook.get("url") and self.options.webhook_secret is None:
            raise ChannelError(
                f"@{name} has a webhook, so it cannot be polled", permanent=True, attention=True,
                hint="Set webhook_secret to its secret_token, or call deleteWebhook.",
            )  # fmt: skip
        if not hook.get("url") and self.options.webhook_secret is not None:
            return f"@{name}; no webhook is set yet: call setWebhook with the address of this source"
        way = "by webhook" if hook.get("url") else "by polling"
        late = f", {hook['pending_update_count']} waiting" if hook.get("pending_update_count") else ""
        return f"@{name}, updates come {way}{late}"

    @property
    def _api(self) -> Api:
        return Api(self.http, self.options.base_url, title="Telegram", judge=_judge)

    @property
    def _path(self) -> str:
        return f"/bot{self.options.bot_token.get_secret_value()}"

    def _name(self) -> str:
        """Return our user name, asked for once."""
        if not self.known.get("handle"):
            me = self._api.read(f"{self._path}/getMe").get("result") or {}
            self.known |= {"handle": str(me.get("username") or self.bot), "ours": [self.bot]}
        return str(self.known["handle"])

    def _updates(self, state: dict[str, Any]) -> list[dict[str, Any]]:
        asked = {"limit": str(BATCH), "timeout": "0", "allowed_updates": json.dumps(KINDS)}
        if state.get("update_id") is not None and not _idle(state):
            asked["offset"] = str(int(state["update_id"]) + 1)
        found = self._api.read(f"{self._path}/getUpdates", asked).get("result")
        if not isinstance(found, list):
            raise ChannelError("Telegram answered updates of an unknown shape", hint="Check base_url.")
        return [one for one in found if isinstance(one, dict) and isinstance(one.get("update_id"), int)]


def measure(text: str) -> int:
    """Return the length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _bot_id(options: TelegramOptions) -> str:
    return options.bot_token.get_secret_value().partition(":")[0]


def _idle(state: dict[str, Any]) -> bool:
    try:
        return datetime.now(UTC) - datetime.fromisoformat(str(state.get("at"))) > IDLE
    except ValueError:
        return True


def _judge(answer: requests.Response) -> None:
    """Raise for an error; Telegram says the wait and the reason in the body."""
    status = answer.status_code
    if status < HTTPStatus.BAD_REQUEST:
        return
    try:
        said = answer.json()
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    why = " ".join(str(said.get("description") or "no reason given").split())[:200]
    hints = {
        HTTPStatus.UNAUTHORIZED: "Check bot_token; @BotFather shows and renews it.",
        HTTPStatus.NOT_FOUND: "Check bot_token; @BotFather shows and renews it.",
        HTTPStatus.CONFLICT: "Another program reads this bot's updates, or it has a webhook: stop one of them.",
        HTTPStatus.FORBIDDEN: "The person blocked the bot, or it was removed from the chat: answer another way.",
    }
    wait = (said.get("parameters") or {}).get("retry_after")
    raise HttpError(
        f"Telegram answered {status}: {why}",
        status=status,
        permanent=status < HTTPStatus.INTERNAL_SERVER_ERROR
        and status not in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.CONFLICT},
        attention=status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT},
        retry_after=timedelta(seconds=float(wait)) if isinstance(wait, int | float) else None,
        hint=hints.get(HTTPStatus(status), "") if status in set(HTTPStatus) else "",
    )
