"""Instants as APIs write them (RFC 3339), read without trust."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(value: object) -> datetime | None:
    """Return an instant in UTC, None for what is none. Without a zone it means UTC: the APIs that omit it say so."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
