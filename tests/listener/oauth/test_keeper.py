"""One access token for all processes: renewed before its end, by one at a time, and never against a refusal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from listener import accounts, brands, collect, sources
from listener.channels.base import Channel
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Account, Source
from listener.oauth import keeper
from listener.oauth.keeper import LEASE, Held
from listener.tokens import Granted
from tests.listener.oauth.room import CLIENT, SECRET, Authority, Grant, x
from tests.listener.web_room import Answer, Asked

__all__ = ["x"]


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


def test_two_workers_spend_a_refresh_token_once(
    db: Database, kit: Ground, x: Authority, account: int
) -> None:
    slow, calm = threading.Event(), x.site.answer

    def slowly(asked: Asked) -> Answer:
        if asked.path == x.token:
            slow.wait(5)
        return calm(asked)

    x.site.answer = slowly
    got: list[str | ChannelError] = []

    def work() -> None:
        mine = Database(db.url.render_as_string(hide_password=False))  # as another process has it
        try:
            got.append(token(opened(mine, kit, account)))
        except ChannelError as error:
            got.append(error)
            slow.set()
        finally:
            mine.dispose()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    (error,) = [one for one in got if isinstance(one, ChannelError)]
    assert error.retry_after  # the schedule brings it back in seconds, and nobody is mailed
    assert (error.attention, error.permanent, error.delivered) == (False, False, False)
    assert x.renewals == 1
    assert [token(opened(db, kit, account))] == [one for one in got if isinstance(one, str)]


def test_the_others_go_on_with_the_old_token_while_it_lives(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    old = token(opened(db, kit, account))
    clock.shift(7200 * 0.9)
    calm = x.site.answer
    meanwhile: list[str] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == x.token:
            meanwhile.append(token(opened(db, kit, account)))
        return calm(asked)

    x.site.answer = answer
    assert token(opened(db, kit, account)) != old
    assert meanwhile == [old]
    assert x.renewals == 2


def test_a_worker_that_died_while_renewing_holds_nobody_up_for_long(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    with db.work() as session:
        session.get_one(Account, account).renew_lease = now() + LEASE
    with pytest.raises(ChannelError, match="being renewed"):
        token(opened(db, kit, account))
    clock.shift(LEASE + timedelta(seconds=1))
    assert token(opened(db, kit, account)) in x.tokens


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


def test_a_restored_copy_spends_nothing_before_it_is_confirmed(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    first = token(opened(db, kit, account))
    with db.work() as session:
        keeper.hold(session)
    assert token(opened(db, kit, account)) == first
    clock.shift(7200 * 0.9)
    assert token(opened(db, kit, account)) == first
    clock.shift(7200)
    assert accounts.due(db) == []
    with pytest.raises(ChannelError, match="restored from a backup") as raised:
        token(opened(db, kit, account))
    assert (raised.value.attention, raised.value.delivered) == (False, False)
    assert x.renewals == 1
    with db.work() as session:
        keeper.release(session)
    assert token(opened(db, kit, account)) != first


def test_whoever_lost_the_race_reads_again_what_the_winner_stored(
    db: Database, kit: Ground, x: Authority, account: int
) -> None:
    calm = x.site.answer
    x.refreshes["rt-new"] = Grant("acme", family="second")

    def answer(asked: Asked) -> Answer:
        if b"rt-first" in asked.body:  # connected anew while this worker was asking
            x.dead.add("first")
            with db.work() as session:
                found = session.get_one(Account, account)
                secrets = kit.vault.unseal(found.secrets or "")
                found.secrets = kit.vault.seal({**secrets, "refresh_token": "rt-new"})
                found.renew_lease = None
        return calm(asked)

    x.site.answer = answer
    assert x.tokens == {}
    assert token(opened(db, kit, account)) in x.tokens
    assert row(db, account).health != "attention"
    assert secret(db, kit, account) != "rt-new"  # spent, and replaced


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
