"""The platforms that can be connected by log-in, each as strict as it is, on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from tests.listener.channels.review_room import says
from tests.listener.oauth.room import CLIENT, SECRET, Api, Authority, Grant, x_platform
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
