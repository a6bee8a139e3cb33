"""The echo, registered and forgetful, for each test."""

from __future__ import annotations

import pytest

from listener import channels
from tests.listener.recheck.rooms import Echo


@pytest.fixture(autouse=True)
def echo(monkeypatch: pytest.MonkeyPatch) -> type[Echo]:
    monkeypatch.setitem(channels.KINDS, "echo", "tests.listener.recheck.rooms:Echo")
    monkeypatch.setattr(Echo, "script", [])
    monkeypatch.setattr(Echo, "now", {})
    monkeypatch.setattr(Echo, "asked", [])
    monkeypatch.setattr(Echo, "broken", None)
    return Echo
