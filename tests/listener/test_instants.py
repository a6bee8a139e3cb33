"""Instants as platforms write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from listener.instants import instant

SEVEN = datetime(2026, 11, 25, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-25T07:00:00Z", SEVEN),
        ("2026-11-25T07:00:00", SEVEN),
        ("2026-11-25T00:00:00-07:00", SEVEN),
        ("2026-11-25T07:00:00.123456789Z", SEVEN.replace(microsecond=123456)),
        ("", None),
        (None, None),
        ("yesterday", None),
        (7, None),
    ],
)
def test_an_instant_is_read_or_none(text: object, at: datetime | None) -> None:
    assert instant(text) == at
