"""One row of a file (CSV, JSON lines) as a post: which columns mean what, and what is wrong with a bad one.

Used by `allears import` and by the channel `file`; reading the file is `listener.rows`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from listener.channels.base import Post, PostAuthor

FIELDS = (
    "id", "text", "author", "url", "posted_at", "lang", "rating", "rating_scale", "title",
    "thread_id", "parent_id", "kind",
)  # fmt: skip
KINDS = frozenset({"post", "comment", "review", "message", "mail"})
SECONDS_END = 1e11  # larger numbers are milliseconds since 1970


class BadRowError(ValueError):
    """A row that cannot become a post; the text says which column and why."""


def post_of_row(row: Mapping[str, Any], *, instance: str, at: datetime) -> Post:
    """Return the post of a row whose columns have the names of FIELDS. Raises BadRowError.

    A missing id is replaced by a hash of the row, so that reading the file again finds the same post.
    """
    text = _text(row, "text")
    if not text or not text.strip():
        raise BadRowError("text is empty")
    author = _text(row, "author")
    kind = (_text(row, "kind") or "").lower()
    if kind and kind not in KINDS:
        raise BadRowError(f"kind {kind[:30]!r} is none of {', '.join(sorted(KINDS))}")
    rating = _number(row, "rating")
    scale = _number(row, "rating_scale")
    return Post(
        id=_text(row, "id") or _digest(row),
        text=text,
        posted_at=_instant(_text(row, "posted_at"), at),
        instance=instance,
        kind=kind or ("review" if rating is not None else "post"),
        author=PostAuthor(id=author.lstrip("@").lower(), handle=author.lstrip("@"), name=author)
        if author
        else None,
        title=_text(row, "title"),
        url=_link(_text(row, "url")),
        language=_text(row, "lang"),
        rating=rating,
        rating_scale=int(scale or 5) if rating is not None else None,
        thread_id=_text(row, "thread_id"),
        parent_id=_text(row, "parent_id"),
    )


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, dict | list):
        raise BadRowError(
            f"{name} must be a text, not a {'list' if isinstance(value, list) else 'JSON object'}"
        )
    return str(value) or None


def _number(row: Mapping[str, Any], name: str) -> float | None:
    value = _text(row, name)
    if value is None or not value.strip():
        return None
    try:
        found = float(value.strip().replace(",", "."))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise BadRowError(f"{name} {value[:30]!r} is not a number")
    return found


def _instant(value: str | None, at: datetime) -> datetime:
    """Read ISO 8601, a date of a mail, or seconds or milliseconds since 1970; nothing means now; no zone means UTC."""
    if value is None or not value.strip():
        return at
    value = value.strip()
    try:
        return _aware(datetime.fromisoformat(value))
    except ValueError:
        pass
    try:
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > SECONDS_END else number, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return _aware(parsedate_to_datetime(value))
    except (ValueError, TypeError, IndexError):
        raise BadRowError(
            f"posted_at {value[:40]!r} is not a date; write 2026-11-25T08:00:00+01:00, or seconds since 1970"
        ) from None


def _aware(found: datetime) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _link(value: str | None) -> str | None:
    """Keep only addresses that a page may link to."""
    return value if value and value.lower().startswith(("http://", "https://")) else None


def _digest(row: Mapping[str, Any]) -> str:
    parts = "\0".join(f"{name}={row.get(name) or ''}" for name in FIELDS if name != "id")
    return "sha256:" + hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()
