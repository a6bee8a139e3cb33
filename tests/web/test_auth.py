"""Logging in and out: throttled, rotated, dead at log-out, no redirect elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from listener.db import now
from tests import factories
from tests.factories import World
from tests.web.conftest import Login, csrf, post
from web import sessions
from web.auth import PER_ACCOUNT
from web.composition import Context
from web.models import LoginSession
from web.security import SESSION_COOKIE, safe_next


def token(client: FlaskClient) -> str:
    cookie = client.get_cookie(SESSION_COOKIE)
    return cookie.value if cookie else ""


def test_the_cookie_is_shut_in_and_only_its_hash_is_stored(ctx: Context, agent: FlaskClient) -> None:
    cookie = agent.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    with ctx.db.read() as session:
        rows = session.scalars(select(LoginSession.id)).all()
    assert rows == [sessions.digest(cookie.value)]


def test_an_unknown_person_and_a_wrong_password_look_alike(app: Flask, world: World) -> None:
    answers = []
    for email in ("agent@example.test", "nobody@example.test"):
        client = app.test_client()
        answer = post(client, "/login", email=email, password="wrong-password")
        body = answer.text.replace(email, "").replace(csrf(client), "")
        answers.append((answer.status_code, [line for line in body.splitlines() if "nonce" not in line]))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


def test_guessing_is_throttled_by_account_even_with_the_right_password(app: Flask, world: World) -> None:
    client = app.test_client()
    for _ in range(PER_ACCOUNT):
        assert post(client, "/login", email="lead@example.test", password="wrong-password").status_code == 401
    right = {"email": "lead@example.test", "password": factories.PASSWORD}
    assert post(client, "/login", **right).status_code == 429
    assert post(client, "/login", email="agent@example.test", password=factories.PASSWORD).status_code == 302
    with time_machine.travel(now() + timedelta(minutes=16)):
        assert post(app.test_client(), "/login", **right).status_code == 302


def test_logging_in_rotates_and_logging_out_kills_the_session(app: Flask, world: World, login: Login) -> None:
    client = login("agent")
    first = token(client)
    post(client, "/logout")
    replayed = app.test_client()
    replayed.set_cookie(SESSION_COOKIE, first)
    assert replayed.get("/inbox").status_code == 302
    post(replayed, "/login", email="agent@example.test", password=factories.PASSWORD)
    assert token(replayed) != first


@pytest.mark.parametrize(
    ("idle", "status"), [(sessions.IDLE - timedelta(minutes=5), 200), (sessions.IDLE, 302)]
)
def test_an_idle_session_ends(agent: FlaskClient, idle: timedelta, status: int) -> None:
    with time_machine.travel(now() + idle + timedelta(seconds=1)):
        assert agent.get("/inbox").status_code == status


def test_a_busy_session_ends_too(ctx: Context, world: World) -> None:
    start = now()
    made = sessions.begin(ctx.db, world.people["agent"], at=start)
    step = timedelta(hours=6)
    at = start
    while at + step < start + sessions.ABSOLUTE:
        at += step
        assert sessions.person_of(ctx.db, made, at=at) is not None
    assert sessions.person_of(ctx.db, made, at=start + sessions.ABSOLUTE) is None


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.test/",
        "//evil.example.test",
        "/\\evil.example.test",
        "javascript:alert(1)",
        "\n//x",
        "/a\nb",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(app: Flask, world: World, target: str) -> None:
    assert safe_next(target, "/inbox") == "/inbox"
    answer = post(
        app.test_client(), "/login", email="agent@example.test", password=factories.PASSWORD, next=target
    )
    assert answer.location == "/inbox"


def test_after_logging_in_one_is_where_one_wanted_to_be(app: Flask, world: World) -> None:
    client = app.test_client()
    asked = client.get("/alerts/1?x=1")
    assert asked.location == "/login?next=/alerts/1?x%3D1"
    answer = post(
        client, "/login", email="agent@example.test", password=factories.PASSWORD, next="/alerts/1?x=1"
    )
    assert answer.location == "/alerts/1?x=1"


def test_a_foreign_host_and_a_foreign_origin_are_refused(app: Flask, agent: FlaskClient) -> None:
    assert agent.get("/inbox", headers={"Host": "evil.example.test"}).status_code == 400
    assert app.test_client().get("/healthz", headers={"Host": "10.0.0.7:8765"}).status_code == 200
    assert post(agent, "/logout", headers={"Origin": "https://evil.example.test"}).status_code == 400


def test_a_deactivated_person_is_out_at_once(world: World, admin: FlaskClient, login: Login) -> None:
    agent = login("agent")
    assert post(admin, f"/people/{world.people['agent']}/active", active="0").status_code == 303
    assert agent.get("/inbox").status_code == 302


def test_first_run_needs_the_printed_token_and_works_once(app: Flask, ctx: Context) -> None:
    client = app.test_client()
    assert client.get("/").location == "/setup"
    form = {"email": "first@example.test", "password": factories.PASSWORD, "name": "First"}
    assert post(client, "/setup", token="", **form).status_code == 403
    ctx.setup_token = "printed-token"
    assert post(client, "/setup", token="guessed", **form).status_code == 403
    assert post(client, "/setup", token="printed-token", **{**form, "password": "short"}).status_code == 400
    answer = post(client, "/setup", token="printed-token", **form)
    assert (answer.status_code, answer.location) == (302, "/sources")
    assert app.test_client().get("/setup").location == "/login"
    again = app.test_client()
    assert post(again, "/setup", token="printed-token", **form).location == "/login"


def test_answers_carry_their_headers(agent: FlaskClient) -> None:
    answer = agent.get("/inbox")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert answer.text.count(f'nonce="{nonce}"') == answer.text.count("<script")
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
