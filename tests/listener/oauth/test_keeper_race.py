"""Several workers and one refresh token that works once: it is spent by one, and by none on a restored copy."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine

from listener import accounts
from listener.db import Database, now
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Account
from listener.oauth import keeper
from listener.oauth.keeper import LEASE
from tests.listener.oauth.kept import account, clock, opened, row, secret, token
from tests.listener.oauth.room import Authority, Grant, x
from tests.listener.web_room import Answer, Asked

__all__ = ["account", "clock", "x"]


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


def test_a_refused_old_token_lets_nobody_spend_what_is_being_spent(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    token(opened(db, kit, account))
    clock.shift(7200 * 0.9)
    calm = x.site.answer
    meanwhile: list[object] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == x.token and not meanwhile:  # a platform that ends the old token first
            x.tokens.clear()
            for ask in (lambda channel: channel.check(), token):
                try:
                    meanwhile.append(ask(opened(db, kit, account)))
                except ChannelError as error:
                    meanwhile.append(error)
        return calm(asked)

    x.site.answer = answer
    fresh = token(opened(db, kit, account))
    assert "being renewed" in str(meanwhile[-1])
    assert x.renewals == 2
    assert token(opened(db, kit, account)) == fresh


def test_a_worker_that_died_while_renewing_holds_nobody_up_for_long(
    db: Database, kit: Ground, x: Authority, account: int, clock: time_machine.Traveller
) -> None:
    with db.work() as session:
        session.get_one(Account, account).renew_lease = now() + LEASE
    with pytest.raises(ChannelError, match="being renewed"):
        token(opened(db, kit, account))
    clock.shift(LEASE + timedelta(seconds=1))
    assert token(opened(db, kit, account)) in x.tokens


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


def test_a_restored_copy_whose_token_is_refused_spends_nothing_either(
    db: Database, kit: Ground, x: Authority, account: int
) -> None:
    token(opened(db, kit, account))
    with db.work() as session:
        keeper.hold(session)
    x.tokens.clear()  # the original has bought a newer one
    with pytest.raises(ChannelError):
        opened(db, kit, account).check()
    for _ in range(2):
        with pytest.raises(ChannelError, match="restored from a backup"):
            token(opened(db, kit, account))
    assert x.renewals == 1


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
