"""Connecting an account by log-in: new, again, as somebody else by mistake, too late, with what is missing."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from listener import accounts, brands, sources
from listener.accounts import ConnectError, Pending
from listener.accounts.rows import twin
from listener.cli.loopback import answer_of
from listener.db import Database, now
from listener.errors import ChannelError, ListenerError
from listener.ground import Ground
from listener.models import Account, Source
from listener.sources import SourceError
from tests.listener.oauth.room import CLIENT, REDIRECT, SECRET, Authority, Grant, x

__all__ = ["x"]


def app(x: Authority, **more: str) -> dict[str, str]:
    return {"client_id": CLIENT, "client_secret": SECRET, "base_url": x.site.url, **more}


def begin(
    db: Database, kit: Ground, x: Authority, target: int | str = "x", settings: dict[str, str] | None = None
) -> Pending:
    given = app(x) if settings is None else settings
    return accounts.begin(db, kit, target, given, redirect_uri=REDIRECT)


def connect(
    db: Database, kit: Ground, x: Authority, target: int | str = "x", who: str = "acme", **more: str
) -> accounts.Done:
    settings = app(x, **more) if target == "x" else {}
    pending = begin(db, kit, x, target, settings)
    return accounts.finish(db, kit, pending, answer_of(x.visit(pending.url, who)))


def rows(db: Database) -> list[Account]:
    with db.read() as session:
        return list(session.scalars(select(Account).order_by(Account.id)))


def source(db: Database, kit: Ground, account_id: int, **settings: str) -> Source:
    brands.add(db, "Acme", query="acme")
    source_id = sources.add(db, kit, "x", name="x", brand="Acme", settings=settings, account_id=account_id)
    with db.work() as session:
        made = session.get_one(Source, source_id)
        made.cursor, made.state, made.errors, made.error = {"v": 1, "high": "77"}, "attention", 2, "401"
    return made


def test_a_new_account_is_made_and_a_source_listens_with_it(db: Database, kit: Ground, x: Authority) -> None:
    done = connect(db, kit, x, reads_per_day="1000")
    assert (done.new, done.line) == (True, "X as @acme")
    (row,) = rows(db)
    assert (row.health, row.handle, row.limits["id"]) == ("ok", "@acme", "id-of-acme")
    assert not any(hidden in f"{row.options} {row.secrets} {row.token}" for hidden in (SECRET, "rt-", "at-"))
    made = source(db, kit, done.account_id, reposts="true")
    assert made.options == {"reads_per_day": 1000, "reposts": True}
    assert rows(db)[0].options == {"client_id": CLIENT, "base_url": x.site.url}
    assert sources.channel_of(db, kit, made.id).check() == "X as @acme"
    assert x.renewals == 0  # the token of the log-in serves


def test_connecting_again_keeps_row_sources_cursors_and_history(
    db: Database, kit: Ground, x: Authority
) -> None:
    first = connect(db, kit, x)
    made = source(db, kit, first.account_id)
    for target in (first.account_id, "x"):  # by its id, or because the platform says that it is the same
        again = connect(db, kit, x, target)
        assert (again.account_id, again.new) == (first.account_id, False)
        with db.read() as session:
            found = session.get_one(Source, made.id)
            assert (found.cursor, found.state, found.errors) == ({"v": 1, "high": "77"}, "active", 0)
    assert len(rows(db)) == 1
    sources.channel_of(db, kit, made.id).check()


def test_an_account_that_was_revoked_works_again_after_connecting(
    db: Database, kit: Ground, x: Authority
) -> None:
    done = connect(db, kit, x)
    made = source(db, kit, done.account_id)
    x.revoke()
    for _ in range(2):
        with pytest.raises(ChannelError) as raised:
            sources.try_account(db, kit, done.account_id)
        assert raised.value.attention
    assert rows(db)[0].health == "attention"
    connect(db, kit, x, done.account_id)
    assert rows(db)[0].health == "ok"
    assert sources.channel_of(db, kit, made.id).check() == "X as @acme"


def test_somebody_else_by_mistake_changes_nothing_and_is_told(
    db: Database, kit: Ground, x: Authority
) -> None:
    done = connect(db, kit, x)
    before = rows(db)[0]
    with pytest.raises(
        ConnectError, match=r"the log-in is of @zenith, but account 1 is @acme\. Nothing was changed"
    ):
        connect(db, kit, x, done.account_id, who="zenith")
    after = rows(db)[0]
    assert (after.secrets, after.token, after.limits) == (before.secrets, before.token, before.limits)
    assert connect(db, kit, x, who="zenith").new  # on purpose
    assert len(rows(db)) == 2


def test_credentials_of_somebody_else_that_are_typed_in_change_nothing(
    db: Database, kit: Ground, x: Authority
) -> None:
    done = connect(db, kit, x)
    other = connect(db, kit, x, who="zenith")
    theirs = kit.vault.unseal(rows(db)[1].secrets or "")["refresh_token"]
    assert other.new
    with pytest.raises(ConnectError, match="Nothing was changed"):
        accounts.connect(db, kit, done.account_id, {"refresh_token": theirs})


def test_what_an_account_had_besides_stays(db: Database, kit: Ground, x: Authority) -> None:
    first = connect(db, kit, x)
    with db.work() as session:
        row = session.get_one(Account, first.account_id)
        row.secrets = kit.vault.seal({**kit.vault.unseal(row.secrets or ""), "bearer_token": "of-the-app"})
    connect(db, kit, x)
    assert kit.vault.unseal(rows(db)[0].secrets or "")["bearer_token"] == "of-the-app"


def test_an_answer_counts_once_in_time_and_for_its_own_state(
    sqlite_db: Database, kit: Ground, x: Authority
) -> None:
    pending, other = begin(sqlite_db, kit, x), begin(sqlite_db, kit, x)
    answer = answer_of(x.visit(pending.url))
    with pytest.raises(ConnectError, match="its state differs"):
        accounts.finish(sqlite_db, kit, other, answer)
    with time_machine.travel(now() + timedelta(minutes=11)), pytest.raises(ConnectError, match="10 minutes"):
        accounts.finish(sqlite_db, kit, pending, answer)
    accounts.finish(sqlite_db, kit, pending, answer)
    with pytest.raises(ConnectError, match="works once"):
        accounts.finish(sqlite_db, kit, pending, answer)
    assert len(rows(sqlite_db)) == 1


def test_a_person_who_says_no_is_believed(sqlite_db: Database, kit: Ground, x: Authority) -> None:
    pending = begin(sqlite_db, kit, x)
    with pytest.raises(ConnectError, match="access was refused"):
        accounts.finish(sqlite_db, kit, pending, answer_of(x.visit(pending.url, deny=True)))
    assert rows(sqlite_db) == []


@pytest.mark.parametrize(
    ("target", "settings", "error", "said"),
    [
        ("x", {}, ConnectError, f"x: client_id missing.*{REDIRECT}"),
        ("x", {"client_id": "c", "reads_per_day": "many"}, SourceError, "reads_per_day"),
        ("x", {"client_id": "c", "colour": "red"}, SourceError, "no option 'colour'"),
        ("youtube", {"client_id": "c"}, ConnectError, "youtube: client_secret missing"),
        ("googlebusiness", {"client_id": "c", "client_secret": "s"}, SourceError, "location"),
        (
            "youtube",
            {"client_id": "c", "client_secret": "s", "base_url": "javascript:alert(1)"},
            ListenerError,
            r"base_url:? must be an http",
        ),
        ("telegram", {}, ConnectError, "Telegram has no log-in by browser.*bot_token"),
        ("orkut", {}, SourceError, "unknown channel 'orkut'"),
        (77, {}, SourceError, "there is no account 77"),
    ],
)
def test_what_is_wrong_is_said_before_the_log_in(
    sqlite_db: Database,
    kit: Ground,
    target: int | str,
    settings: dict[str, str],
    error: type[Exception],
    said: str,
) -> None:
    with pytest.raises(error, match=said):
        accounts.begin(sqlite_db, kit, target, settings, redirect_uri=REDIRECT)


def test_what_waits_for_the_answer_is_sealed(sqlite_db: Database, kit: Ground, x: Authority) -> None:
    pending = begin(sqlite_db, kit, x)
    sealed = pending.seal(kit.vault)
    assert Pending.unseal(kit.vault, sealed) == pending
    assert not any(hidden in sealed for hidden in (SECRET, pending.state, pending.verifier))


def test_a_source_may_not_change_its_account(sqlite_db: Database, kit: Ground, x: Authority) -> None:
    done = connect(sqlite_db, kit, x)
    with pytest.raises(SourceError, match="client_secret: belongs to the account"):
        source(sqlite_db, kit, done.account_id, client_secret="another")
    with pytest.raises(SourceError, match="there is no reddit account 1"):
        sources.add(sqlite_db, kit, "reddit", name="r", brand="Acme", settings={}, account_id=1)


def test_a_refresh_token_typed_in_long_ago_does_not_come_back(
    sqlite_db: Database, kit: Ground, x: Authority
) -> None:
    pending = begin(sqlite_db, kit, x)
    accounts.finish(sqlite_db, kit, pending, answer_of(x.visit(pending.url)))
    typed = kit.vault.unseal(rows(sqlite_db)[0].secrets or "")["refresh_token"]
    with sqlite_db.work() as session:
        session.get_one(Account, 1).renew_at = now() - timedelta(seconds=1)
    assert accounts.renew(sqlite_db, kit, 1)  # X has replaced it
    brands.add(sqlite_db, "Acme", query="acme")
    sources.add(sqlite_db, kit, "x", name="x", brand="Acme", settings=app(x, refresh_token=typed))
    assert len(rows(sqlite_db)) == 1
    assert kit.vault.unseal(rows(sqlite_db)[0].secrets or "")["refresh_token"] != typed


def test_nothing_secret_is_logged(
    sqlite_db: Database,
    kit: Ground,
    x: Authority,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    pending = begin(sqlite_db, kit, x)
    answer = answer_of(x.visit(pending.url))
    accounts.finish(sqlite_db, kit, pending, answer)
    secrets = kit.vault.unseal(rows(sqlite_db)[0].secrets or "")
    told = caplog.text + "".join(capsys.readouterr())
    assert "account.connected" in told
    assert not any(
        hidden in told
        for hidden in (*secrets.values(), *x.tokens, answer["code"], pending.state, pending.verifier)
    )


def test_changing_an_option_spends_no_refresh_token(db: Database, kit: Ground, x: Authority) -> None:
    done = connect(db, kit, x)
    assert accounts.connect(db, kit, done.account_id, {"username": "acme"}) == "X as @acme"
    assert x.renewals == 0
    with db.work() as session:
        session.get_one(Account, done.account_id).renew_at = now() - timedelta(seconds=1)
    assert (
        accounts.connect(db, kit, done.account_id, {"username": "acme"}) == "X as @acme"
    )  # renewed on the way
    assert x.renewals == 1
    assert kit.vault.unseal(rows(db)[0].secrets or "")["refresh_token"] not in x.spent
    assert accounts.test(db, kit, done.account_id) == "X as @acme"


def test_a_refresh_token_that_is_typed_in_is_stored_as_the_platform_replaced_it(
    db: Database, kit: Ground, x: Authority
) -> None:
    done = connect(db, kit, x)
    x.refreshes["rt-typed"] = Grant("acme", family="typed")
    accounts.connect(db, kit, done.account_id, {"refresh_token": "rt-typed"})
    assert kit.vault.unseal(rows(db)[0].secrets or "")["refresh_token"] not in {"rt-typed", *x.spent}
    with time_machine.travel(now() + timedelta(hours=3)):
        assert accounts.test(db, kit, done.account_id) == "X as @acme"
    assert x.renewals == 2


def test_another_server_that_says_it_is_us_does_not_get_our_row(db: Database) -> None:
    known, elsewhere = {"id": "UC1"}, {"auth_url": "https://elsewhere.example.test"}
    with db.work() as session:
        session.add(Account(kind="youtube", base_url="", identity="UC1", limits=known, options={}))
    with db.read() as session:
        assert twin(session, "youtube", "", "UC1", known, {}) is not None
        assert twin(session, "youtube", "", "UC1", known, elsewhere) is None
