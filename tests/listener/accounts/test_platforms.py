"""Every kind that can be connected by log-in, from the address to the stored account, against a strict platform."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from listener import accounts, sources
from listener.accounts import ConnectError
from listener.channels import KINDS, channel_type, instagram
from listener.channels.instagram import oauth as instagram_oauth
from listener.cli.loopback import answer_of
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Account
from tests.listener.accounts.platforms import META, PLATFORMS, Given, facebook, youtube
from tests.listener.channels.review_room import says
from tests.listener.oauth.room import REDIRECT, SECRET, Authority, Grant
from tests.listener.web_room import Answer, Asked, Site


def walk(db: Database, kit: Ground, kind: str, authority: Authority, given: Given) -> accounts.Done:
    settings = {**given, "base_url": authority.site.url}
    pending = accounts.begin(db, kit, kind, settings, redirect_uri=REDIRECT)
    return accounts.finish(db, kit, pending, answer_of(authority.visit(pending.url)))


def test_every_kind_with_a_log_in_is_tried_here() -> None:
    connectable = {kind for kind in KINDS if channel_type(kind).connector is not None}
    assert connectable == set(PLATFORMS)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_kind_is_connected_renewed_and_connected_again(
    sqlite_db: Database, kit: Ground, site: Site, kind: str
) -> None:
    make, line = PLATFORMS[kind]
    authority, given = make(site)
    done = walk(sqlite_db, kit, kind, authority, given)
    assert done.new
    assert line in done.line
    with sqlite_db.read() as session:
        (row,) = session.scalars(select(Account))
    secrets = kit.vault.unseal(row.secrets or "")
    assert "to-be-brought" not in secrets.values()
    assert "password" not in secrets
    assert "to_be_found" not in str(row.options)
    channel = sources.channel_for_account(sqlite_db, kit, done.account_id)
    assert line in channel.check()
    renewal, renewals = channel.renewal(), authority.renewals
    assert (renewal is None) == (kind in {"reddit", "mastodon", "facebook", "instagram"})
    if renewal is not None:
        with time_machine.travel(now() + timedelta(days=5)):
            assert line in sources.channel_for_account(sqlite_db, kit, done.account_id).check()
        assert authority.renewals == renewals + 1
    again = accounts.begin(sqlite_db, kit, done.account_id, {}, redirect_uri=REDIRECT)
    assert accounts.finish(sqlite_db, kit, again, answer_of(authority.visit(again.url))).account_id == row.id


def test_several_pages_are_listed_and_one_is_chosen(sqlite_db: Database, kit: Ground, site: Site) -> None:
    authority, given = facebook(site)
    two = [
        {"id": "123", "name": "Acme", "access_token": "of-the-page"},
        {"id": "124", "name": "Acme Racing", "access_token": "of-another"},
    ]
    authority.api["/v23.0/me/accounts"] = lambda asked, who: {"data": two}
    with pytest.raises(ConnectError, match=r"set page_id .*123 \(Acme\), 124 \(Acme Racing\)"):
        walk(sqlite_db, kit, "facebook", authority, given)
    assert walk(sqlite_db, kit, "facebook", authority, {**given, "page_id": "123"}).new
    with pytest.raises(ConnectError, match="no access was given to 77"):
        walk(sqlite_db, kit, "facebook", authority, {**given, "page_id": "77"})


def test_no_refresh_token_no_account(sqlite_db: Database, kit: Ground, site: Site) -> None:
    authority, given = youtube(site)
    bought = authority.answer

    def without(asked: Asked) -> Answer:
        answer = bought(asked)
        if asked.path != authority.token:
            return answer
        said = json.loads(answer.body)
        return says({name: value for name, value in said.items() if name != "refresh_token"})

    site.answer = without
    with pytest.raises(ConnectError, match="gave no refresh token"):
        walk(sqlite_db, kit, "youtube", authority, given)


def test_a_box_that_was_unticked_is_named(sqlite_db: Database, kit: Ground, site: Site) -> None:
    authority, given = youtube(site)
    authority.withheld = "https://www.googleapis.com/auth/youtube.force-ssl"
    bought = authority.answer

    def answer(asked: Asked) -> Answer:  # Google says what is left
        found = bought(asked)
        return says({**json.loads(found.body), "scope": "openid"}) if asked.path == authority.token else found

    site.answer = answer
    with pytest.raises(ConnectError, match=r"youtube\.force-ssl is missing"):
        walk(sqlite_db, kit, "youtube", authority, given)


def test_instagrams_own_token_renews_itself_for_ever(
    sqlite_db: Database, kit: Ground, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "OWN": site.url, "OWN_AUTHORIZE": f"{site.url}/oauth/authorize", "OWN_TOKEN": f"{site.url}/oauth/access_token",
    }.items():  # fmt: skip
        monkeypatch.setattr(instagram_oauth, name, value)
    authority = Authority(site, "/oauth/authorize", "/oauth/access_token", pkce=False, rotates=False)
    me = {"id": "178", "username": "acme", "user_id": "178"}

    def lasting(number: int) -> dict[str, Any]:
        authority.tokens = {f"lasting-{number}": Grant("acme")}
        return {"access_token": f"lasting-{number}", "expires_in": 5_184_000}

    plain = authority.answer

    def answer(asked: Asked) -> Answer:
        if asked.path == "/refresh_access_token":
            assert asked.query == {"grant_type": "ig_refresh_token", "access_token": "lasting-1"}
            return says(lasting(2))
        return plain(asked)

    site.answer = answer
    authority.api = {
        "/access_token": lambda asked, who: lasting(1),
        "/me": lambda asked, who: me,
        "/v23.0/178": lambda asked, who: me,
    }
    real = authority._resource

    def resource(asked: Asked) -> Answer:
        if asked.path == "/access_token":  # the token is in the address here
            assert asked.query["client_secret"] == SECRET
            assert asked.query["access_token"] in authority.tokens
            return says(lasting(1))
        return real(asked)

    monkeypatch.setattr(authority, "_resource", resource)
    done = walk(sqlite_db, kit, "instagram", authority, META)
    assert done.line == "@acme (178)"
    assert accounts.due(sqlite_db) == []
    later = now() + timedelta(days=51)
    with time_machine.travel(later):
        assert accounts.due(sqlite_db) == [done.account_id]
        assert accounts.renew(sqlite_db, kit, done.account_id)
    with sqlite_db.read() as session:
        row = session.get_one(Account, done.account_id)
    assert kit.vault.unseal(row.secrets or "")["access_token"] == "lasting-2"
    assert row.renew_at is not None
    assert row.renew_at > later + timedelta(days=45)
    assert instagram.Instagram.connector is not None
