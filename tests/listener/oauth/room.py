"""A strict OAuth 2.0 platform on loopback: it checks client, redirect URI, PKCE and code, and rotates refresh tokens.

As real ones do, it takes a refresh token that comes a second time for theft and ends everything bought with it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import requests

from tests.listener.web_room import Answer, Asked, Site

CLIENT, SECRET = "client-of-acme", "secret-of-the-client"
REDIRECT = "https://panel.example.test/accounts/callback"
Api = Callable[[Asked, str], Any]  # (request, who) → JSON, or an Answer


@dataclass
class Grant:
    """A code that was given out, or tokens that were bought."""

    who: str
    redirect_uri: str = ""
    challenge: str | None = None
    scope: str = ""
    family: str = ""


@dataclass
class Authority:
    """One platform. `api`: what it answers below a path to whoever's token is shown."""

    site: Site
    authorize: str
    token: str
    refresh: str | None = None
    pkce: bool = True
    basic: bool = False
    rotates: bool = True
    life: int = 7200
    client: str = CLIENT
    secret: str = SECRET
    redirects: list[str] = field(default_factory=lambda: [REDIRECT])
    api: dict[str, Api] = field(default_factory=dict)
    withheld: str = ""  # a scope that people untick
    codes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    refreshes: dict[str, Grant] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)  # families whose refresh token came twice
    down: int = 0  # answers 503 so many times at the token endpoint
    renewals: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.site.answer = self.answer

    def visit(self, url: str, who: str = "acme", *, deny: bool = False) -> str:
        """Do what a person does in the browser; return the address the platform sends them back to."""
        answer = requests.get(
            url, headers={"X-Who": who, "X-Deny": "1" if deny else ""}, allow_redirects=False, timeout=5
        )
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def answer(self, asked: Asked) -> Answer:
        with self.lock:
            if asked.path == self.authorize:
                return self._authorize(asked)
            if asked.path in {self.token, self.refresh} and asked.method == "POST":
                return self._token(asked)
            return self._resource(asked)

    def revoke(self) -> None:
        """End everything that was given out."""
        self.dead |= {grant.family for grant in self.refreshes.values()}
        self.tokens.clear()

    def _authorize(self, asked: Asked) -> Answer:
        query = asked.query
        if query.get("client_id") != self.client or query.get("redirect_uri") not in self.redirects:
            return Answer("client or redirect URI unknown", 400)  # never sent on: RFC 6749 §3.1.2.4
        assert query["response_type"] == "code"
        back = {"state": query["state"]} if query.get("state") else {}
        if asked.headers.get("x-deny"):
            back |= {"error": "access_denied", "error_description": "the person said no"}
        else:
            assert not self.pkce or query.get("code_challenge_method") == "S256"
            code = secrets.token_urlsafe(8)
            scope = " ".join(
                name for name in query.get("scope", "").replace(",", " ").split() if name != self.withheld
            )
            self.codes[code] = Grant(
                asked.headers["x-who"], query["redirect_uri"], query.get("code_challenge"), scope, code
            )
            back["code"] = code
        return Answer(status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(back)}"})

    def _token(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one return a refusal
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if self.down:
            self.down -= 1
            return _says({"error": "temporarily_unavailable"}, 503)
        basic = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        in_form = (form.get("client_id"), form.get("client_secret", "")) == (self.client, self.secret)
        if not (asked.headers.get("authorization") == f"Basic {basic}" if self.basic else in_form):
            return _says({"error": "invalid_client"}, 401)
        if form["grant_type"] == "refresh_token":
            return self._refreshed(form["refresh_token"])
        grant = self.codes.pop(form.get("code", ""), None)
        if grant is None:
            return _says(
                {"error": "invalid_grant", "error_description": f"code {form.get('code')} is not good"}, 400
            )
        if grant.redirect_uri != form.get("redirect_uri"):
            return _says({"error": "redirect_uri_mismatch"}, 400)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if self.pkce and grant.challenge != base64.urlsafe_b64encode(hashed).rstrip(b"=").decode():
            return _says({"error": "invalid_grant", "error_description": "code verifier"}, 400)
        return self._bought(grant)

    def _refreshed(self, value: str) -> Answer:
        self.renewals += 1
        grant = self.refreshes.get(value)
        if grant is None or grant.family in self.dead or value in self.spent:
            if grant is not None:
                self.dead.add(grant.family)
                self.tokens = {key: one for key, one in self.tokens.items() if one.family != grant.family}
            return _says({"error": "invalid_grant"}, 400)
        if self.rotates:
            self.spent.add(value)
        return self._bought(grant)

    def _bought(self, grant: Grant) -> Answer:
        access, fresh = f"at-{secrets.token_urlsafe(12)}", f"rt-{secrets.token_urlsafe(12)}"
        self.tokens[access] = grant
        said: dict[str, Any] = {"access_token": access, "token_type": "bearer", "expires_in": self.life}
        if grant.scope:
            said["scope"] = grant.scope
        if self.rotates or not any(one is grant for one in self.refreshes.values()):
            self.refreshes[fresh] = grant
            said["refresh_token"] = fresh
        return _says(said)

    def _resource(self, asked: Asked) -> Answer:
        for path, given in self.api.items():
            if asked.path == path:
                bearer = asked.headers.get("authorization", "").partition(" ")[2]
                grant = self.tokens.get(bearer)
                if grant is None and path not in PUBLIC:
                    return _says({"error": "unauthorized"}, 401)
                said = given(asked, grant.who if grant else "")
                return said if isinstance(said, Answer) else _says(said)
        return _says({"error": f"nothing at {asked.path}"}, 404)


PUBLIC = frozenset({"/api/v1/apps", "/api/v2/instance/", "/api/v1/instance/"})


def _says(said: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(said), status, {"Content-Type": "application/json"})


def x_platform(site: Site, **more: Any) -> Authority:
    """X: PKCE, Basic, a refresh token that works once."""
    api: dict[str, Api] = {
        "/2/users/me": lambda asked, who: {"data": {"id": f"id-of-{who}", "username": who, "name": who}},
    }
    return Authority(site, "/i/oauth2/authorize", "/2/oauth2/token", basic=True, api=api, **more)


@pytest.fixture
def x(site: Site) -> Authority:
    return x_platform(site)
