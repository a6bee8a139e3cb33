"""Bytes of a mail → its words, whatever is broken in them. No network; never raises.

The standard parser accepts nearly everything; what it leaves undecoded (unknown charsets, raw 8-bit headers, wrong
transfer encodings) is read here as well as it goes. RFC 5322, 2045-2047, 3676.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from typing import Any

from listener.channels.email.quotes import split_html
from listener.text import from_html

_DEEPEST = 12  # parts within parts
_MOST_FILES = 50
_MOST_TEXT = 400_000  # characters of a body that are read
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bq]\?", re.IGNORECASE)
_ALIASES = {
    "unicode": "utf-16",
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "utf8mb4": "utf-8",
    "cp-850": "cp850",
}


@dataclass(slots=True)
class Body:
    """What a mail says. `repeated`: history that its HTML marks as such."""

    text: str = ""
    repeated: str = ""
    files: list[Mapping[str, Any]] = field(default_factory=list)


def parsed(raw: bytes) -> tuple[Message, str | None]:
    """Return the message and what was wrong with it (None: nothing that matters)."""
    try:
        return message_from_bytes(raw), None
    except Exception as error:  # noqa: BLE001 - the parser meets what nobody foresaw; the mail is read as plain text
        bare = Message()
        bare.set_payload(raw.decode("utf-8", "replace"))
        return bare, type(error).__name__


def header(message: Message, name: str) -> str:
    """Return a header's words on one line; the first where a header stands twice."""
    values = _raw(message, name)
    return words(values[0]) if values else ""


def words(value: str) -> str:
    """Decode a header: RFC 2047 words, or bytes that a program wrote raw."""
    text = _eight_bit(value)
    if _ENCODED_WORD.search(text):
        with suppress(Exception):  # broken base64, no such charset: then the words stay as they are
            text = "".join(
                decoded(piece, charset) if isinstance(piece, bytes) else piece
                for piece, charset in decode_header(text)
            )
    return " ".join(text.split())


def decoded(raw: bytes, charset: str | None) -> str:
    """Return bytes as text: by the named charset, else UTF-8, else Windows-1252, which reads anything."""
    named = (charset or "").strip().strip("\"'").lower()
    named = _ALIASES.get(named, re.sub(r"-[ie]$", "", named) if named.startswith("iso-8859") else named)
    for name in (named, "utf-8", "cp1252"):
        with suppress(LookupError, ValueError):
            if name:
                return raw.decode(name)
    return raw.decode(named if _known(named) else "utf-8", "replace")


def body(message: Message) -> Body:
    """Return the words of a mail: its plain text, else its HTML as text; attachments by name and size only."""
    made = Body()
    try:
        made.text = _text(message, made, 0)[:_MOST_TEXT]
    except Exception:  # noqa: BLE001 - a structure that nobody foresaw: read what stands there
        made.text = decoded(_bytes(message) or message.as_bytes(), None)[:_MOST_TEXT]
    return made


def _text(part: Message, made: Body, depth: int) -> str:
    kind = part.get_content_type()
    children = part.get_payload()
    if isinstance(children, list) and kind != "message/rfc822" and depth < _DEEPEST:
        if kind == "multipart/alternative":
            return _best(part, made, depth)
        if kind == "multipart/report":
            children = children[:1]  # the rest repeats the mail that came back
        found = [_text(child, made, depth + 1) for child in children if isinstance(child, Message)]
        return "\n\n".join(text for text in found if text.strip())
    if kind not in {"text/plain", "text/html"} or part.get_content_disposition() == "attachment":
        _keep_file(part, made)
        return ""
    text = decoded(_bytes(part), _charset(part))[:_MOST_TEXT]
    if kind == "text/html" or _looks_like_html(text):
        said, repeated = split_html(text)
        plain = from_html(said)
        made.repeated = "\n\n".join(filter(None, (made.repeated, from_html(repeated))))
        if plain or not made.repeated:
            return plain
        plain, made.repeated = made.repeated, ""  # a mail that only passes on another
        return plain
    return _reflowed(text) if str(part.get_param("format", "")).lower() == "flowed" else text


def _best(part: Message, made: Body, depth: int) -> str:
    """Take the plain version, or the HTML one where the plain one is empty or missing."""
    children = [child for child in part.get_payload() if isinstance(child, Message)]
    plain = [child for child in children if child.get_content_type() == "text/plain"]
    for child in (*plain, *reversed([one for one in children if one not in plain])):
        text = _text(child, made, depth + 1)
        if text.strip():
            return text
    return ""


def _keep_file(part: Message, made: Body) -> None:
    if len(made.files) >= _MOST_FILES:
        return
    kind = part.get_content_type()
    payload = part.get_payload()
    size = sum(len(str(one)) for one in payload) if isinstance(payload, list) else len(payload or "")
    name = ""
    with suppress(Exception):  # a name in a charset that does not exist
        name = words(part.get_filename() or "")
    made.files.append(
        {"type": kind.partition("/")[0], "name": name[:200], "content_type": kind, "bytes": size * 3 // 4}
    )


def _bytes(part: Message) -> bytes:
    with suppress(Exception):  # an unknown transfer encoding is left as it stands
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            return payload
    payload = part.get_payload()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _charset(part: Message) -> str | None:
    with suppress(Exception):  # "charset" in a charset of its own (RFC 2231), wrongly
        return part.get_content_charset()
    return None


def _known(name: str) -> bool:
    with suppress(LookupError, ValueError):
        b"".decode(name)
        return bool(name)
    return False


def _raw(message: Message, name: str) -> list[str]:
    return [str(value) for key, value in _items(message) if key.lower() == name.lower()]


def _items(message: Message) -> Iterator[tuple[str, Any]]:
    yield from message.raw_items()  # as the parser kept them: bytes of 8-bit headers are still there


def _eight_bit(value: str) -> str:
    if not any("\udc80" <= letter <= "\udcff" for letter in value):
        return value
    return decoded(value.encode("utf-8", "surrogateescape"), None)


def _reflowed(text: str) -> str:
    """Join the lines of format=flowed (RFC 3676 4.2): a blank at the end of a line says that it goes on."""
    return re.sub(r"(?<!\n--) \r?\n(?!>|\r?\n)", " ", text)


def _looks_like_html(text: str) -> bool:
    return bool(re.match(r"\s*(?:<!doctype html|<html[\s>])", text, re.IGNORECASE))
