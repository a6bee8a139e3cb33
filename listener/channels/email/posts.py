"""A mail → our post. No network.

The id is the Message-ID: a mail that lies in two mailboxes is one mention. What the customer says now is the text;
the history below it is `parent_text`, the signature is kept in `extra`, the mail as it came in `raw`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from listener.channels.base import Post, PostAuthor
from listener.channels.email.automatic import why_automatic
from listener.channels.email.parsing import Body, body, header, parsed
from listener.channels.email.quotes import split

_IDS = re.compile(r"<([^<>\s]+)>")
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]]+@[^\s<>@,;:\"()\[\]]+")
_MOST_REFERENCES = 30
_KEPT = 100_000  # characters of a body that stay in the raw payload


@dataclass(frozen=True, slots=True)
class Ours:
    """Who we are: our address, and whether a Message-ID is one that we made (`sending.is_ours`)."""

    address: str
    made_by_us: Any  # Callable[[str], bool]


def post_of(raw: bytes, *, arrived: datetime, ours: Ours, sent: bool = False) -> Post:
    """Return the post of a mail. `arrived`: the server's time; `sent`: it lies in the folder of sent mail.

    A mail that cannot be taken apart is a post all the same, with what can be read of it and the reason in `extra`.
    """
    message, defect = parsed(raw)
    found = body(message)
    parts = split(found.text)
    references = _references(message)
    number = _message_id(message) or "sha256:" + hashlib.sha256(raw).hexdigest()
    sender = person(header(message, "From"))
    answer_to = person(header(message, "Reply-To")) or sender
    own = sent or (sender is not None and sender[0] == ours.address and ours.made_by_us(number))
    # a contact form writes from our own address for the customer: who is answered is who wrote
    author = answer_to if sender is None or sender[0] == ours.address else sender
    subject = header(message, "Subject")
    automatic = why_automatic(message)
    return Post(
        id=number,
        text=parts.text or found.text or subject,
        posted_at=_written(message, arrived),
        kind="mail",
        author=PostAuthor(id=author[0], handle=author[0], name=author[1] or None) if author else None,
        title=subject or None,
        thread_id=references[0] if references else None,
        parent_id=_parent(message, references),
        parent_text="\n\n".join(filter(None, (parts.quoted, found.repeated))) or None,
        addressed_to_us=automatic is None,
        own=own,
        visibility="direct",
        media=tuple(found.files),
        extra={
            "message_id": number if not number.startswith("sha256:") else None,
            "references": references,
            "answer_to": answer_to[0] if answer_to else None,
            "answer_name": answer_to[1] if answer_to else None,
            "subject": subject,
            "automatic": automatic,
            "signature": parts.signature or None,
            "defect": defect,
        },
        raw=_raw(message, found),
    )


def person(value: str) -> tuple[str, str] | None:
    """Return (address in lower case, name) of the first mailbox of a header, or None without any address."""
    found = _ADDRESS.search(value)
    if found is None:
        return None
    name = value[: found.start()].partition(",")[0].strip(" <\"'\t")
    return found.group().strip(".'").lower(), name


def _message_id(message: Message) -> str | None:
    value = header(message, "Message-ID")
    found = _IDS.search(value)
    return found.group(1) if found else value.strip("<> ") or None


def _references(message: Message) -> list[str]:
    """Return the ids of the thread, oldest first; a broken one between them is left out."""
    found = list(dict.fromkeys(_IDS.findall(header(message, "References"))))
    return found if len(found) <= _MOST_REFERENCES else [found[0], *found[1 - _MOST_REFERENCES :]]


def _parent(message: Message, references: list[str]) -> str | None:
    """Return what this mail answers: the last of In-Reply-To that the references know, else their last."""
    named = _IDS.findall(header(message, "In-Reply-To"))
    known = [one for one in named if one in references]
    return (known or named or references or [None])[-1]


def _written(message: Message, arrived: datetime) -> datetime:
    """Return the author's date, or the server's where there is none that can be read."""
    try:
        written = parsedate_to_datetime(header(message, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return arrived
    try:
        return (written if written.tzinfo else written.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:  # the year 1 or 9999, moved over its edge by a zone
        return arrived


def _raw(message: Message, found: Body) -> dict[str, Any]:
    """Return the mail as it came, without the bytes of its attachments."""
    names = dict.fromkeys(key for key, _ in message.raw_items())
    return {
        "headers": {name: header(message, name) for name in names},
        "text": found.text[:_KEPT],
        "files": found.files,
    }
