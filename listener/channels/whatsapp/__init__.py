"""WhatsApp Business: what customers write to one number, by webhook; answered within 24 hours of what they wrote.

Cloud API: https://developers.facebook.com/docs/whatsapp/cloud-api . There is nothing to poll and no list of what was
sent; each message carries our key, which comes back with its status, and so an unclear call is cleared up. Must not
touch the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from listener.addresses import BaseAddress
from listener.channels.base import (
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
    Refused,
    ReplyMode,
    Sent,
    Unsure,
    by_hand,
)
from listener.channels.whatsapp.posts import read
from listener.errors import ChannelError
from listener.meta import graph, hooks
from listener.said import mark

LONGEST = 4096
WINDOW = timedelta(hours=24)
_ARRIVED = frozenset({"delivered", "read", "played"})
_ENDS = _ARRIVED | {"failed"}
REMEMBERED = timedelta(days=2)  # how long a status is kept for a call that had no clear end


class WhatsAppOptions(Options):
    """Options of `source add whatsapp`."""

    phone_number_id: str = Field(
        pattern=r"^\w{1,40}$", description="id of our number, in WhatsApp Manager: API setup"
    )
    access_token: SecretStr = Field(description="system user's token, scope whatsapp_business_messaging")
    app_secret: SecretStr = Field(min_length=8, description="secret of the app; signs what it delivers")
    verify_token: SecretStr = Field(
        min_length=8, description="made up by us for the webhook's set-up; also the last part of its address"
    )
    base_url: BaseAddress = Field("https://graph.facebook.com", description="address of the Graph API")
    api_version: str = Field(graph.VERSION, pattern=r"^v\d+\.\d+$", description="version of the Graph API")


class WhatsApp(Channel[WhatsAppOptions]):
    """One of our numbers."""

    kind: ClassVar[str] = "whatsapp"
    title: ClassVar[str] = "WhatsApp"
    options_type = WhatsAppOptions
    replies: ClassVar[bool] = True
    receives: ClassVar[bool] = True

    @classmethod
    def identity_of(cls, options: WhatsAppOptions) -> tuple[str, str]:
        """Our number."""
        return options.base_url, options.phone_number_id

    def limits(self) -> Limits:
        """4,096 characters; a visit a day keeps the coverage ledger honest, posts come by webhook."""
        return Limits(length=LONGEST, poll_every=timedelta(days=1), read_lag=timedelta(seconds=60))

    def hook_secret(self) -> str | None:
        """The last part of the webhook's address."""
        return self.options.verify_token.get_secret_value()

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Nothing can be fetched: messages come by `receive`."""
        del what
        yield Page((), cursor)

    def receive(self, hook: Hook) -> Received:
        """Answer the challenge, or check the signature and read messages and statuses. Raises HttpError."""
        answer = hooks.challenged(hook, self.options.verify_token.get_secret_value())
        if answer is not None:
            return answer
        posts: list[Post] = []
        gone: list[Gone] = []
        for entry in hooks.delivered(hook, self.options.app_secret.get_secret_value()):
            for _, value in hooks.changes(entry):
                number = (value.get("metadata") or {}).get("phone_number_id")
                if number is not None and str(number) != self.options.phone_number_id:
                    continue  # the app serves several numbers; each has its own source
                said, deleted = read(value)
                posts += said
                gone += deleted
                self._remember(value.get("statuses") or [])
        return Received(posts=posts, gone=gone)

    def may_reply(self, post: Post) -> MayReply:
        """Within 24 hours of what the customer wrote; afterwards only a template that Meta approved may be sent."""
        until = post.posted_at + WINDOW
        if datetime.now(UTC) >= until:
            return by_hand(
                post,
                mark(
                    "WhatsApp's 24 hours ended at %(until)s UTC: wait for the customer to write again, "
                    "or send an approved template in WhatsApp Manager",
                    until=f"{until:%Y-%m-%d %H:%M}",
                ),
            )
        return MayReply(ReplyMode.API, until=until)

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Send one text in answer to the message. Raises ChannelError."""
        may = self.may_reply(to)
        if may.mode is not ReplyMode.API:
            raise ChannelError(may.reason or "the window is over", permanent=True, delivered=False)
        if len(text) > LONGEST:
            message = f"{len(text)} characters; WhatsApp takes {LONGEST}"
            raise ChannelError(message, permanent=True, delivered=False, hint="Shorten it.")
        customer = str(to.extra.get("to") or (to.author.id if to.author else ""))
        if not customer:
            raise ChannelError("the customer's number is not known", permanent=True, delivered=False)
        made = self._graph.write(
            f"/{self.options.phone_number_id}/messages",
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                ("to" if customer.isdecimal() else "recipient"): customer,
                "type": "text",
                "text": {"body": text, "preview_url": False},
                "context": {"message_id": to.id},
                "biz_opaque_callback_data": key,
            },
        )
        sent = next(iter(graph.data({"data": made.get("messages")})), {})
        return Sent(id=str(sent.get("id") or ""), at=datetime.now(UTC), pending=True)

    def find(self, attempt: Attempt) -> Sent | Refused | Unsure:
        """Look for a status that came back with our key; without one nobody can tell."""
        status = self.known.get(_place(attempt.key))
        if not isinstance(status, Mapping):
            return Unsure("no status of it has come from WhatsApp yet: look into the chat if it stays so")
        if status.get("status") == "failed":
            return Refused(
                f"WhatsApp took it and could not deliver it ({status.get('why') or 'no reason given'})"
            )
        arrived = status.get("status") in _ARRIVED
        return Sent(id=str(status["id"]), at=graph.moment(status.get("at")), pending=not arrived)

    def check(self) -> str:
        """Ask for our number. Raises ChannelError."""
        fields = "display_phone_number,verified_name,quality_rating"
        said = self._graph.read(f"/{self.options.phone_number_id}", {"fields": fields})
        number = str(said.get("display_phone_number") or self.options.phone_number_id)
        self.known |= {"handle": number, "ours": ["".join(filter(str.isdigit, number))]}
        quality = said.get("quality_rating") or "not rated"
        return f"{said.get('verified_name') or 'WhatsApp'} {number}, quality {quality}"

    @property
    def _graph(self) -> graph.Graph:
        options = self.options
        return graph.Graph(
            self.http, options.base_url, options.access_token.get_secret_value(),
            version=options.api_version, app_secret=options.app_secret.get_secret_value(),
        )  # fmt: skip

    def _remember(self, statuses: list[Mapping[str, Any]]) -> None:
        """Keep the ids and ends of messages that carry a key of ours; the old ones are let go (None)."""
        for status in statuses:
            key = status.get("biz_opaque_callback_data")
            if not key or not status.get("id"):
                continue
            before = self.known.get(_place(str(key)))
            if (
                isinstance(before, Mapping)
                and before.get("status") in _ENDS
                and status.get("status") == "sent"
            ):
                continue  # statuses come in any order
            why = next((str(error.get("title") or "") for error in status.get("errors") or []), "")
            self.known[_place(str(key))] = {
                "id": str(status["id"]), "status": str(status.get("status") or ""), "why": why[:200],
                "at": str(status.get("timestamp") or ""),
            }  # fmt: skip
        oldest = datetime.now(UTC) - REMEMBERED
        for name, status in self.known.items():
            at = (
                graph.moment(status.get("at"))
                if name.startswith("sent:") and isinstance(status, Mapping)
                else None
            )
            if at is not None and at < oldest:
                self.known[name] = None


def _place(key: str) -> str:
    return f"sent:{key}"
