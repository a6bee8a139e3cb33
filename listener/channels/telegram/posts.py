"""Telegram's messages → our posts. No network.

https://core.telegram.org/bots/api#message . Ids are only unique within a chat: ours are `chat:message`. What the bot,
the channel it serves and an anonymous administrator of the group write is ours; a bot is never shown its own messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from listener import unreadable
from listener.channels.base import Gone, Page, Post, PostAuthor

KINDS = (
    "message", "edited_message", "channel_post", "edited_channel_post",
    "business_message", "edited_business_message", "deleted_business_messages",
)  # fmt: skip
_MEDIA = (
    "photo",
    "video",
    "animation",
    "document",
    "audio",
    "voice",
    "video_note",
    "sticker",
    "contact",
    "location",
)


def read(update: Mapping[str, Any], *, bot: str, name: str | None = None) -> tuple[list[Post], list[Gone]]:
    """Return the posts and deletions of an update. `bot`, `name`: the bot's id, and its user name where it is known."""
    for kind in KINDS[:-1]:
        message = update.get(kind)
        if isinstance(message, Mapping):
            post = post_of(message, bot=bot, name=name, channel="channel_post" in kind)
            return ([post] if post else []), []
    deleted = update.get("deleted_business_messages")
    if isinstance(deleted, Mapping):
        chat = deleted["chat"]["id"]
        return [], [Gone(f"{chat}:{number}") for number in deleted.get("message_ids") or []]
    return [], []


def page(
    updates: Sequence[Mapping[str, Any]], *, bot: str, name: str | None, cursor: dict[str, Any], more: bool
) -> Page:
    """Return the page of a batch of updates."""
    posts: list[Post] = []
    gone: list[Gone] = []
    for update in updates:
        found = unreadable.read("telegram", update.get("update_id"), read, update, bot=bot, name=name)
        said, deleted = found or ([], [])
        posts += said
        gone += deleted
    return Page(posts, cursor, truncated=more, gone=gone)


def post_of(message: Mapping[str, Any], *, bot: str, name: str | None, channel: bool) -> Post | None:
    """Return the post of a message; None for what is no message of anybody (somebody joined, a title changed)."""
    text = _words(message)
    if text is None:
        return None
    chat = message["chat"]
    private = chat.get("type") == "private"
    answered = message.get("reply_to_message")
    sender, speaker = message.get("from") or {}, message.get("sender_chat") or {}
    who = speaker or sender
    business = message.get("business_connection_id")
    own = (
        channel
        or str(sender.get("id")) == bot
        or bool(message.get("is_automatic_forward"))
        or (bool(speaker) and speaker.get("id") == chat.get("id"))
        or (bool(business) and private and sender.get("id") != chat.get("id"))  # a colleague, by hand
    )
    addressed = private or _is_ours(answered, bot) or bool(name and f"@{name.lower()}" in text.lower())
    quoted = message.get("quote") or {}
    return Post(
        id=f"{chat['id']}:{message['message_id']}",
        text=text,
        posted_at=_moment(message.get("date")) or datetime.now(UTC),
        kind="message",
        author=_author(who),
        title=chat.get("title"),
        url=_url(chat, message),
        thread_id=f"chat:{chat['id']}" if private else _topic(chat, message),
        parent_id=f"{chat['id']}:{answered['message_id']}" if isinstance(answered, Mapping) else None,
        parent_text=str(quoted.get("text") or _words(answered) or "") or None
        if isinstance(answered, Mapping)
        else None,
        addressed_to_us=addressed and not own,
        own=own,
        edited_at=_moment(message.get("edit_date")),
        visibility="direct" if private else "public" if chat.get("username") else "private",
        media=tuple({"type": kind} for kind in _MEDIA if message.get(kind)),
        extra={
            "chat_id": chat["id"],
            "message_id": message["message_id"],
            "business": business,
            "topic": message.get("message_thread_id") if message.get("is_topic_message") else None,
        },
        raw=dict(message),
    )


def _words(message: Mapping[str, Any] | None) -> str | None:
    """Return text or caption, else what was sent in brackets; None when it is a service message."""
    if not isinstance(message, Mapping):
        return None
    said = message.get("text") or message.get("caption")
    if said:
        return str(said)
    poll = message.get("poll")
    if isinstance(poll, Mapping):
        options = [f"- {one.get('text')}" for one in poll.get("options") or []]
        return "\n".join([str(poll.get("question") or ""), *options])
    sent = next((kind for kind in _MEDIA if message.get(kind)), None)
    if sent == "sticker":
        return str(message["sticker"].get("emoji") or "[sticker]")
    return f"[{sent.replace('_', ' ')}]" if sent else None


def _author(who: Mapping[str, Any]) -> PostAuthor | None:
    if not who.get("id"):
        return None
    name = " ".join(filter(None, (who.get("first_name"), who.get("last_name")))) or who.get("title")
    handle = who.get("username")
    return PostAuthor(str(who["id"]), handle, name, f"https://t.me/{handle}" if handle else None)


def _is_ours(answered: Any, bot: str) -> bool:
    return isinstance(answered, Mapping) and str((answered.get("from") or {}).get("id")) == bot


def _topic(chat: Mapping[str, Any], message: Mapping[str, Any]) -> str | None:
    """Return the forum topic of a group message; elsewhere the chain of answers makes the thread."""
    return f"topic:{chat['id']}:{message['message_thread_id']}" if message.get("is_topic_message") else None


def _url(chat: Mapping[str, Any], message: Mapping[str, Any]) -> str | None:
    if chat.get("username"):
        return f"https://t.me/{chat['username']}/{message['message_id']}"
    if chat.get("type") in {"supergroup", "channel"}:  # opens for members of the chat
        return f"https://t.me/c/{str(chat['id']).removeprefix('-100')}/{message['message_id']}"
    return None


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(value)), UTC) if value else None
    except (ValueError, OverflowError, OSError):
        return None
