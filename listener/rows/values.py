"""The fields of a row: what each must be, and what is said when it is not."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

FIELDS = (
    "id", "text", "author", "url", "posted_at", "lang", "rating",
    "rating_scale", "title", "thread_id", "parent_id", "kind",
)  # fmt: skip
_LENGTHS = {
    "id": 300,
    "author": 200,
    "url": 4000,
    "thread_id": 300,
    "parent_id": 300,
    "kind": 20,
    "title": 10_000,
}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_FORMATS = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%a %b %d %H:%M:%S %z %Y",
    "%Y-%m-%d %H:%M:%S %Z",
)
_SHOWN = 40  # characters of a value in a message


class BadValueError(ValueError):
    """What is wrong with which field."""


def read(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a row, checked and typed. Raises BadValueError."""
    values: dict[str, Any] = {}
    for field, value in raw.items():
        text = _text(field, value)
        if field == "text":
            values[field] = text
        elif text.strip():
            values[field] = _READERS.get(field, _line)(field, text.strip())
    if not values.get("text", "").strip() and "rating" not in values:
        raise BadValueError("text is empty")
    values.setdefault("text", "")
    return values


def _text(field: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValueError(f"{field} must be a text, not {_kind(value)}")
    return str(value)


def _kind(value: Any) -> str:
    return {bool: "true or false", list: "a list", dict: "an object"}.get(type(value), type(value).__name__)


def _line(field: str, text: str) -> str:
    if len(text) > _LENGTHS[field]:
        raise BadValueError(f"{field} is longer than {_LENGTHS[field]} characters")
    if not text.isprintable() and _CONTROLS.search(text):
        raise BadValueError(f"{field} holds control characters or line breaks")
    return text


def _url(field: str, text: str) -> str:
    text = _line(field, text)
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        raise BadValueError(f"url {_short(text)} is not a web address (http:// or https://)")
    return text


def _language(field: str, text: str) -> str:
    if text.lower() in {"und", "zxx", "unknown"}:
        return "und"
    if len(text) > 12 or not _LANGUAGE.fullmatch(text):  # noqa: PLR2004 - the column
        raise BadValueError(f"{field} {_short(text)} is not a language code such as en or pt-BR")
    return text


def _number(field: str, text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or not 0 <= number <= 1000:  # noqa: PLR2004 - no scale is longer
        raise BadValueError(f"{field} {_short(text)} is not a number from 0 to 1000")
    return number


def _moment(field: str, text: str) -> datetime:
    """Read ISO 8601, seconds to nanoseconds since 1970, the date of a mail, or a few more; no zone means UTC."""
    found = _iso(text) or _epoch(text) or _other(text)
    if found is None or found.year < 1990:  # noqa: PLR2004 - nothing was posted before the web
        raise BadValueError(
            f"{field} {_short(text)} is not a date; write 2026-11-25T08:00:00Z or seconds since 1970"
        )
    return found


def _iso(text: str) -> datetime | None:
    try:
        return _aware(datetime.fromisoformat(text)) if "-" in text[1:8] else None
    except (ValueError, OverflowError):
        return None


def _epoch(text: str) -> datetime | None:
    try:
        number = abs(float(text))
        if not math.isfinite(number):
            return None
        while number > 1e11:  # noqa: PLR2004 - milliseconds, microseconds, nanoseconds
            number /= 1000
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _other(text: str) -> datetime | None:
    for form in _FORMATS:
        try:
            return _aware(datetime.strptime(text, form))  # noqa: DTZ007 - made aware right here
        except (ValueError, OverflowError):
            continue
    try:
        return _aware(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _aware(found: datetime) -> datetime:
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


_READERS = {
    "url": _url, "lang": _language, "rating": _number, "rating_scale": _number, "posted_at": _moment,
}  # fmt: skip
