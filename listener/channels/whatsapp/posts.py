"""WhatsApp's webhook values → our posts. No network.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks . A conversation is a customer's number; people who
hide it are known by a user id of the business. Reactions and system notes are no messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from listener import unreadable
from listener.channels.base import Gone, Post, PostAuthor
from listener.meta.graph import moment

_SILENT = frozenset({"reaction", "system"})
_MEDIA = frozenset({"image", "video", "audio", "document", "sticker"})


def read(value: Mapping[str, Any]) -> tuple[list[Post], list[Gone]]:
    """Return the posts and deletions of a value: what customers wrote, and what colleagues wrote in the app."""
    posts: list[Post] = []
    gone: list[Gone] = []
    people = {str(one.get("wa_id") or one.get("user_id")): one for one in value.get("contacts") or []}
    for kind in ("messages", "message_echoes"):
        for message in value.get(kind) or []:
            own = kind == "message_echoes"
            found = unreadable.read("whatsapp", kind, _read, message, people, own=own)
            if isinstance(found, Gone):
                gone.append(found)
            elif found is not None:
                posts.append(found)
    return posts, gone


def _read(
    message: Mapping[str, Any], people: Mapping[str, Mapping[str, Any]], *, own: bool
) -> Post | Gone | None:
    if message.get("type") == "revoke":
        return Gone(str((message.get("revoke") or {}).get("original_message_id")))
    return post_of(message, people, own=own)


def post_of(message: Mapping[str, Any], people: Mapping[str, Mapping[str, Any]], *, own: bool) -> Post | None:
    """Return the post of a message; None for what is none."""
    kind = str(message.get("type") or "")
    at = moment(message.get("timestamp")) or datetime.now(UTC)
    number, edited, said = str(message.get("id") or ""), None, message
    if kind == "edit":
        edit = message.get("edit") or {}
        number, edited, said = str(edit.get("original_message_id") or ""), at, edit.get("message") or {}
        kind = str(said.get("type") or "")
    if kind in _SILENT or not number:
        return None
    sender = str(message.get("from") or message.get("from_user_id") or "")
    customer = str(message.get("to") or message.get("to_user_id") or "") if own else sender
    known = people.get(customer) or (next(iter(people.values())) if len(people) == 1 else {})
    profile = known.get("profile") or {}
    context = message.get("context") or {}
    media = said.get(kind) if kind in _MEDIA else None
    return Post(
        id=number,
        text=words(said, kind),
        posted_at=at,
        kind="message",
        author=None
        if own
        else PostAuthor(sender, profile.get("username") or _shown(sender), profile.get("name")),
        thread_id=f"chat:{customer}",
        parent_id=str(context["id"]) if context.get("id") else None,
        addressed_to_us=not own,
        own=own,
        edited_at=edited,
        visibility="direct",
        media=(
            {"type": kind, "name": str(media.get("filename") or ""), "content_type": media.get("mime_type")},
        )
        if isinstance(media, Mapping)
        else (),
        extra={
            "to": customer,
            "forwarded": bool(context.get("forwarded") or context.get("frequently_forwarded")),
        },
        raw=dict(message),
    )


def words(said: Mapping[str, Any], kind: str) -> str:
    """Return what a message says; what has no words is named in brackets."""
    part = said.get(kind)
    part = part if isinstance(part, Mapping) else {}
    found = {
        "text": part.get("body"),
        "button": part.get("text"),
        "interactive": _chosen(part),
        "location": ", ".join(str(part[name]) for name in ("name", "address") if part.get(name)),
        "order": ", ".join(
            f"{item.get('quantity')} x {item.get('product_retailer_id')}"
            for item in part.get("product_items") or []
        ),
        "contacts": ", ".join(
            str((one.get("name") or {}).get("formatted_name") or "")
            for one in (said.get("contacts") or [])
            if isinstance(one, Mapping)
        ),
    }.get(kind, part.get("caption"))
    label = "voice message" if kind == "audio" and part.get("voice") else kind or "message"
    if kind in {"location", "order", "contacts"}:
        return f"[{label}: {found}]" if found else f"[{label}]"
    return str(found) if found else f"[{label}]"


def _chosen(part: Mapping[str, Any]) -> str:
    """Return what was picked from buttons or a list, or filled into a form."""
    picked = part.get("button_reply") or part.get("list_reply") or {}
    form = part.get("nfm_reply") or {}
    return str(picked.get("title") or form.get("response_json") or form.get("body") or "")


def _shown(number: str) -> str:
    return f"+{number}" if number.isdecimal() else number
