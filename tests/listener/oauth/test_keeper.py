"""One access token of an account: renewed before its end, and never against a refusal."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from listener import accounts, collect
from listener.db import Database
from listener.errors import HttpError
from listener.ground import Ground
from listener.models import Source
from listener.oauth.keeper import Held
from listener.tokens import Granted
from tests.listener.oauth.kept import account, clock, opened, row, secret, token
from tests.listener.oauth.room import Authority, x

__all__ = ["account", "clock", "x"]


def test_a_token_serves_every_channel_until_a_fifth_of_its_life_is_left(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    first = token(opened(db, kit, account))
    assert {token(opened(db, kit, account)) for _ in range(3)} == {first}
    assert x.renewals == 1
    clock.shift(7200 * 0.81)
    second = token(opened(db, kit, account))
    assert second != first
    assert x.renewals == 2
    assert secret(db, kit, account) in x.refreshes  # the replaced one was saved back
    assert secret(db, kit, account) not in x.spent
    kept = row(db, account)
    assert second not in f"{kept.token} {kept.secrets}"  # sealed


def test_a_refused_refresh_token_is_not_asked_about_again(
    db: Database, kit: Ground, x: Authority, account: int
) -> None:
    x.revoke()
    for _ in range(3):
        with pytest.raises(HttpError) as raised:
            token(opened(db, kit, account))
        assert raised.value.attention
        assert "rt-first" not in f"{raised.value} {raised.value.hint}"
    assert x.renewals == 1
    assert row(db, account).health == "attention"
    for _ in range(3):
        collect.poll(db, kit, 1, force=True)
    assert x.renewals == 1
    with db.read() as session:
        assert session.get_one(Source, 1).state == "attention"


def test_a_person_who_asks_has_it_tried_once_more(
    db: Database, kit: Ground, x: Authority, account: int
) -> None:
    x.secret = "changed-on-the-platform"
    for _ in range(2):
        with pytest.raises(HttpError, match=r"invalid_client|has ended"):
            token(opened(db, kit, account))
    asked = len(x.site.asked)
    for _ in range(2):
        with pytest.raises(HttpError, match="invalid_client"):
            accounts.test(db, kit, account)
    assert len(x.site.asked) == asked + 2
    line = accounts.connect(db, kit, account, {"client_secret": "changed-on-the-platform"})
    assert line == "X as @acme"
    assert row(db, account).health == "ok"


def test_a_platform_that_is_down_costs_nothing_while_the_old_token_lives(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    old = token(opened(db, kit, account))
    clock.shift(7200 * 0.9)
    x.down = 1
    channel = opened(db, kit, account)
    assert [token(channel), token(channel), token(opened(db, kit, account))] == [old] * 3
    clock.shift(61)  # tried again a minute later
    assert token(opened(db, kit, account)) != old
    clock.shift(7201)
    x.down = 1
    with pytest.raises(HttpError) as raised:
        token(opened(db, kit, account))
    assert not raised.value.attention


def test_a_token_that_the_platform_does_not_take_is_dropped(
    db: Database, kit: Ground, x: Authority, account: int
) -> None:
    channel = opened(db, kit, account)
    first = token(channel)
    x.tokens.clear()
    with pytest.raises(HttpError):
        channel.check()
    assert token(channel) != first
    assert channel.check().startswith("X as @acme")


def test_tokens_are_renewed_ahead_of_need(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    first = token(opened(db, kit, account))
    assert accounts.due(db) == []
    clock.shift(7200 * 0.81)
    assert accounts.due(db) == [account]
    assert accounts.renew(db, kit, account)
    assert accounts.due(db) == []
    assert x.renewals == 2
    assert token(opened(db, kit, account)) != first


def test_a_revoked_account_is_tried_no_more_and_says_so(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    token(opened(db, kit, account))
    x.revoke()
    clock.shift(7200 * 0.81)
    assert accounts.renew(db, kit, account)  # the old token lives on to its end
    clock.shift(7200)
    for _ in range(3):
        for account_id in accounts.due(db):
            assert not accounts.renew(db, kit, account_id)
    assert row(db, account).health == "attention"
    assert x.renewals == 2


def test_when_a_token_is_renewed() -> None:
    at = datetime.fromisoformat("2026-11-25T12:00:00+00:00")
    assert Held.of(Granted("a", life=3600), at).renew_at == at + timedelta(minutes=48)
    assert Held.of(Granted("a", life=60 * 86400), at).renew_at == at + timedelta(days=50)
    assert not Held.of(Granted("a", life=0), at).fresh(at)
