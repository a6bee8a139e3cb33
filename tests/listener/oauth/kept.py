"""An account on X with a refresh token that works once, and how tests ask its keeper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from listener import brands, sources
from listener.channels.base import Channel
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Account
from tests.listener.oauth.room import CLIENT, SECRET, Authority, Grant


@pytest.fixture
def account(db: Database, kit: Ground, x: Authority) -> int:
    """An account on X whose refresh token was typed in, with one source."""
    x.refreshes["rt-first"] = Grant("acme", family="first")
    brands.add(db, "Acme", query="acme")
    given = {
        "client_id": CLIENT, "client_secret": SECRET, "refresh_token": "rt-first", "username": "acme",
        "base_url": x.site.url,
    }  # fmt: skip
    source_id = sources.add(db, kit, "x", name="x", brand="Acme", settings=given)
    return sources.account_of(db, source_id)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def opened(db: Database, kit: Ground, account_id: int) -> Channel[Any]:
    return sources.channel_for_account(db, kit, account_id)


def token(channel: Channel[Any]) -> str:
    renewal = channel.renewal()
    assert renewal is not None
    return channel.keeper.token(renewal)


def row(db: Database, account_id: int) -> Account:
    with db.read() as session:
        return session.get_one(Account, account_id)


def secret(db: Database, kit: Ground, account_id: int) -> str:
    return kit.vault.unseal(row(db, account_id).secrets or "")["refresh_token"]
