"""Private messages of Messenger and Instagram: the events of a webhook, and the answer within 24 hours.

https://developers.facebook.com/docs/messenger-platform . Both speak the same `messaging` events and send by
`/me/messages`; the conversations can be read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from listener import unreadable
from listener.answers import same
from listener.channels.base import (
    Absent,
    Attempt,
    Gone,
    MayReply,
    Post,
    PostAuthor,
    ReplyMode,
    Sent,
    Unsure,
    by_hand,
)
from listener.errors import ChannelError
from listener.meta.graph import Graph, data, moment
from listener.said import mark

WINDOW = timedelta(hours=24)
CLOCKS = timedelta(minutes=5)
_FIELDS = "messages.limit(25){id,message,from,created_time}"


def read(entry: Mapping[str, Any], channel: str) -> Iterator[Post | Gone]:
    """Yield the messages and deletions of an entry; `standby` holds what another app answers, heard all the same."""
    for event in [*(entry.get("messaging") or []), *(entry.get("standby") or [])]:
        found = unreadable.read(channel, entry.get("id"), _read, event)
        if found is not None:
            yield found


def _read(event: Mapping[str, Any]) -> Post | Gone | None:
    said = event.get("message") or event.get("message_edit")
    if not isinstance(said, Mapping) or not said.get("mid"):
        return None
    return Gone(str(said["mid"])) if said.get("is_deleted") else _post(event, said)


def closed(post: Post) -> str | None:
    """Return why a message can no longer be answered, or None."""
    until = post.posted_at + WINDOW
    if datetime.now(UTC) < until:
        return None
    return mark(
        "the 24 hours to answer a private message ended at %(until)s UTC", until=f"{until:%Y-%m-%d %H:%M}"
    )


def may_reply(post: Post) -> MayReply:
    """Say that a message is answered by the API for 24 hours, and how afterwards."""
    over = closed(post)
    return by_hand(post, over) if over else MayReply(ReplyMode.API, until=post.posted_at + WINDOW)


def send(graph: Graph, to: Post, text: str) -> Sent:
    """Send one message to the writer. Raises ChannelError."""
    body = {
        "recipient": {"id": to.extra.get("customer")},
        "messaging_type": "RESPONSE",
        "message": {"text": text},
    }
    made = graph.write("/me/messages", body)
    return Sent(id=str(made.get("message_id") or ""), at=datetime.now(UTC))


def find(graph: Graph, attempt: Attempt, platform: str) -> Sent | Absent | Unsure:
    """Look for our message in the conversation with its writer."""
    customer = str(attempt.to.extra.get("customer") or "")
    try:
        said = graph.read("/me/conversations", {"platform": platform, "user_id": customer, "fields": _FIELDS})
    except ChannelError as error:
        return Unsure(str(error))
    for conversation in data(said):
        for message in data(conversation.get("messages") or {}):
            at = moment(message.get("created_time"))
            ours = str((message.get("from") or {}).get("id")) != customer
            if (
                ours
                and at
                and at >= attempt.since - CLOCKS
                and same(str(message.get("message") or ""), attempt.text)
            ):
                return Sent(str(message["id"]), at=at)
    return Absent()


def _post(event: Mapping[str, Any], said: Mapping[str, Any]) -> Post:
    own = bool(said.get("is_echo"))
    sender = str((event.get("sender") or {}).get("id") or "")
    customer = str((event.get("recipient") or {}).get("id") or "") if own else sender
    files = [one for one in said.get("attachments") or [] if isinstance(one, Mapping)]
    kinds = [str(one.get("type") or "file").replace("_", " ") for one in files]
    answered = said.get("reply_to") or {}
    return Post(
        id=str(said["mid"]),
        text=str(said.get("text") or "") or f"[{', '.join(kinds) or 'message'}]",
        posted_at=moment(event.get("timestamp")) or datetime.now(UTC),
        kind="message",
        author=None if own else PostAuthor(sender),
        thread_id=f"chat:{customer}",
        parent_id=str(answered["mid"]) if answered.get("mid") else None,
        addressed_to_us=not own,
        own=own,
        visibility="direct",
        media=tuple({"type": kind} for kind in kinds),
        extra={"customer": customer},
        raw=dict(event),
    )
