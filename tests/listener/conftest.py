"""Fixtures of the listener's tests; `db` comes from the root."""

from __future__ import annotations

import pytest

from listener.ground import Ground
from tests.listener.rooms import ground, no_tokens, parrot, say
from tests.listener.web_room import site

__all__ = ["kit", "no_tokens", "parrot", "say", "site"]


@pytest.fixture
def kit() -> Ground:
    return ground()
