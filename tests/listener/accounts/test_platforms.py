"""Every kind that can be connected by log-in, from the address to the stored account, against a strict platform."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

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
from tests.listener.channels.review_room import says
from tests.listener.oauth.room import CLIENT, REDIRECT, SECRET, Api, Authority, Grant, x_platform
from tests.listener.web_room import Answer, Asked, Site

Given = dict[str, str]
Made = tuple[Authority, Given]
APP = {"client_id": CLIENT, "client_secret": SECRET}
META = {"app_id": CLIENT, "app_secret": SECRET}


def x(site: Site) -> Made:
    return x_platform(site), APP


def reddit(site: Site) -> Made:
    api: dict[str, Api] = {"/api/v1/me": lambda asked, who: {"name": who}}
    found = Authority(
        site, "/api/v1/authorize", "/api/v1/access_token", pkce=False, basic=True, rotates=False, api=api
    )
    return found, {**APP, "username": "acme", "password": "an-old-one"}


def mastodon(site: Site) -> Made:
    def register(asked: Asked, _who: str) -> Any:
        form = parse_qs(asked.body.decode())
        assert form["scopes"] == ["read write:statuses"]
        found.redirects = form["redirect_uris"]
        return {"client_id": CLIENT, "client_secret": SECRET}

    me = {"id": "7", "acct": "acme", "username": "acme"}
    said = {"configuration": {"statuses": {"max_characters": 700}}, "domain": "x"}
    found = Authority(site, "/oauth/authorize", "/oauth/token", rotates=False)
    found.redirects = []
    found.api = {
        "/api/v1/apps": register,
        "/api/v1/accounts/verify_credentials": lambda asked, who: me,
        "/api/v2/instance/": lambda asked, who: said,
        "/api/v1/instance/": lambda asked, who: said,
    }
    return found, {}


def _google(site: Site, api: dict[str, Api]) -> Authority:
    return Authority(site, "/authorize", "/token", rotates=False, life=3600, api=api)


def youtube(site: Site) -> Made:
    mine = {"items": [{"id": "UC-of-acme", "snippet": {"title": "Acme", "customUrl": "@acme"}}]}
    api: dict[str, Api] = {"/youtube/v3/channels": lambda asked, who: mine}
    return _google(site, api), {**APP, "auth_url": f"{site.url}/token"}


def googlebusiness(site: Site) -> Made:
    place = "accounts/1/locations/2"
    api: dict[str, Api] = {
        f"/v4/{place}/reviews": lambda asked, who: {"reviews": [], "totalReviewCount": 3},
        "/v1/accounts/1": lambda asked, who: {"accountName": "Acme"},
    }
    return _google(site, api), {**APP, "location": place}


def googleplay(site: Site) -> Made:
    api: dict[str, Api] = {
        "/androidpublisher/v3/applications/com.example.app/reviews": lambda asked, who: {"reviews": []},
    }
    return _google(site, api), {**APP, "package_name": "com.example.app"}


def trustpilot(site: Site) -> Made:
    unit, tokens = "5" * 24, "/v1/oauth/oauth-business-users-for-applications"
    api: dict[str, Api] = {
        f"/v1/business-units/{unit}": lambda asked, who: {"displayName": "Acme"},
        f"/v1/private/business-units/{unit}/reviews": lambda asked, who: {"reviews": []},
    }
    found = Authority(
        site, "/authenticate", f"{tokens}/accesstoken", f"{tokens}/refresh", pkce=False, basic=True, api=api
    )
    plain = found.answer

    def answer(asked: Asked) -> Answer:  # the business unit's name is shown to the key alone
        if asked.path == f"/v1/business-units/{unit}":
            return says({"displayName": "Acme"})
        return plain(asked)

    site.answer = answer
    return found, {"api_key": CLIENT, "api_secret": SECRET, "business_unit_id": unit}


def _meta(site: Site, page: dict[str, Any], object_path: str, said: dict[str, Any]) -> Authority:
    """Meta's three steps: a user token, a lasting one, a page's own."""
    found = Authority(site, "/v23.0/dialog/oauth", "/v23.0/oauth/access_token", pkce=False, rotates=False)
    plain = found.answer

    def answer(asked: Asked) -> Answer:
        form = parse_qs(asked.body.decode()) if asked.method == "POST" else {}
        if form.get("grant_type") == ["fb_exchange_token"]:
            assert form["fb_exchange_token"][0] in found.tokens
            assert form["client_secret"] == [SECRET]
            found.tokens["lasting"] = Grant("acme")
            return says({"access_token": "lasting", "expires_in": 5_184_000})
        return plain(asked)

    def pages(asked: Asked, _who: str) -> Any:
        assert asked.headers["authorization"] == "Bearer lasting"
        assert len(asked.query["appsecret_proof"]) == 64
        if asked.query.get("after") is None:  # the page stands on the second page of the list
            return {"data": [], "paging": {"cursors": {"after": "2"}, "next": "n"}}
        return {"data": [page, {"id": "9", "name": "Not ours to manage"}]}

    def shown(asked: Asked, _who: str) -> Any:
        assert asked.headers["authorization"] == "Bearer of-the-page"
        return said

    site.answer = answer
    found.tokens["of-the-page"] = Grant("acme")
    found.api = {"/v23.0/me/accounts": pages, object_path: shown}
    return found


def facebook(site: Site) -> Made:
    page = {"id": "123", "name": "Acme", "access_token": "of-the-page"}
    return _meta(site, page, "/v23.0/123", {"id": "123", "name": "Acme"}), {
        **META,
        "verify_token": "verify-us",
    }


def instagram_by_facebook(site: Site) -> Made:
    account = {"id": "178", "username": "acme"}
    page = {"id": "123", "name": "Acme", "access_token": "of-the-page", "instagram_business_account": account}
    return _meta(site, page, "/v23.0/178", account), META


PLATFORMS: dict[str, tuple[Callable[[Site], Made], str]] = {
    "x": (x, "X as @acme"),
    "reddit": (reddit, "Reddit as u/acme"),
    "mastodon": (mastodon, " as @acme, 700 characters a post"),
    "youtube": (youtube, "YouTube as @acme (UC-of-acme)"),
    "googlebusiness": (
        googlebusiness,
        "Google Business Profile as Acme: 3 reviews of accounts/1/locations/2",
    ),
    "googleplay": (googleplay, "com.example.app"),
    "trustpilot": (trustpilot, "Trustpilot: Acme"),
    "facebook": (facebook, "page Acme (123)"),
    "instagram": (instagram_by_facebook, "@acme (178)"),
}


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
    with pytest.raises(ConnectError, match=r"set page_id.*123 \(Acme\), 124 \(Acme Racing\)"):
        walk(sqlite_db, kit, "facebook", authority, given)
    assert walk(sqlite_db, kit, "facebook", authority, {**given, "page_id": "123"}).new
    with pytest.raises(ConnectError, match="gave no access to 77"):
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
    with pytest.raises(ConnectError, match="was not allowed https"):
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
