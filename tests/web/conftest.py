"""A panel on a filled database: a context without simulator, model or clock, and clients that are logged in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from alerts import people
from listener.channels.base import Sent
from listener.db import Database
from tests import factories
from tests.factories import World
from web.app import create_app
from web.composition import Context
from web.security import SESSION_COOKIE, VISITOR_COOKIE
from web.settings import Loaded, Settings

Login = Callable[[str], FlaskClient]
"""Logs somebody of a role in."""


@dataclass
class Bell:
    """Stands for the queue: remembers what it was asked."""

    rung: list[str] = field(default_factory=list)

    def send(self, job: str, *args: int) -> None:
        self.rung.append(job)


@pytest.fixture
def ctx(sqlite_db: Database, tmp_path: Path) -> Iterator[Context]:
    settings = Settings(public_url="http://localhost", database={"url": str(sqlite_db.url)})
    made = Context(Loaded(home=tmp_path, file=None, values=settings), wake=Bell())
    yield made
    made.close()


@pytest.fixture
def app(ctx: Context) -> Flask:
    made = create_app(ctx)
    made.testing = True
    return made


@pytest.fixture
def world(ctx: Context) -> World:
    return factories.world(ctx.db, ctx.ground)


@pytest.fixture
def login(app: Flask, world: World) -> Login:
    """Return a function that logs somebody of a role in."""

    def enter(role: str) -> FlaskClient:
        client = app.test_client()
        answer = post(client, "/login", email=factories.email(role), password=factories.PASSWORD)
        assert answer.status_code == 302, answer.text
        return client

    return enter


@pytest.fixture
def agent(login: Login) -> FlaskClient:
    return login("agent")


@pytest.fixture
def admin(login: Login) -> FlaskClient:
    return login("admin")


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the Mastodon channel post to a list instead of the network."""
    from listener.channels.mastodon import Mastodon

    posted: list[str] = []

    def reply(self: Mastodon, to: object, text: str, *, key: str) -> Sent:
        posted.append(text)
        return Sent(id=f"sent-{len(posted)}", url=f"https://example.test/sent/{len(posted)}")

    monkeypatch.setattr(Mastodon, "reply", reply)
    return posted


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash cheaply: argon2 is meant to be slow, these tests are not about that."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(people, "_hasher", lambda: cheap)


_known: WeakKeyDictionary[FlaskClient, tuple[str, str]] = WeakKeyDictionary()


def csrf(client: FlaskClient) -> str:
    """Return the CSRF token of this client's session, read from a page once per session."""
    cookies = [client.get_cookie(name) for name in (SESSION_COOKIE, VISITOR_COOKIE)]
    tied = "/".join(cookie.value if cookie else "" for cookie in cookies)
    if client not in _known or _known[client][0] != tied or tied == "/":
        page = client.get("/profile", follow_redirects=True).text
        found = re.search(r'data-csrf="([0-9a-f]+)"', page)
        assert found, page[:300]
        _known[client] = (tied, found[1])
    return _known[client][1]


def post(client: FlaskClient, path: str, *, headers: dict[str, str] | None = None, **form: object):  # noqa: ANN201
    """Send a form with its token, as a browser would."""
    return client.post(path, data={"csrf_token": csrf(client), **form}, headers=headers)


def ask(client: FlaskClient, path: str, **form: object):  # noqa: ANN201
    """Send what our script sends: the same form, asking for a fragment."""
    return post(client, path, headers={"X-Fragment": "1"}, **form)
