"""What must hold against people who do not mean well: foreign tokens, script in posts, guessing, probing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from alerts.models import Alert
from listener.db import now
from listener.models import Author, Mention
from tests import factories
from tests.factories import World
from tests.web.conftest import Login, csrf, post
from web import auth, security
from web.app import create_app
from web.composition import Context
from web.security import SESSION_COOKIE
from web.settings import Loaded, Settings

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_a_token_of_another_session_or_of_before_the_log_in_is_worth_nothing(
    app: Flask, world: World, login: Login
) -> None:
    agent, lead = login("agent"), login("lead")
    form = {"person": str(world.people["agent"]), "csrf_token": csrf(lead)}
    assert agent.post(f"/alerts/{world.alert}/assign", data=form).status_code == 400
    assert (
        agent.post(f"/alerts/{world.alert}/assign", data={**form, "csrf_token": csrf(agent)}).status_code
        == 303
    )
    visitor = app.test_client()
    before = csrf(visitor)
    post(visitor, "/login", email=factories.email("agent"), password=factories.PASSWORD)
    assert visitor.post("/logout", data={"csrf_token": before}).status_code == 400


def test_nothing_in_a_post_runs_or_leads_to_script(ctx: Context, world: World, agent: FlaskClient) -> None:
    mention = world.mentions["tomas_k"]
    with ctx.db.work() as session:
        row = session.get_one(Mention, mention)
        row.text, row.title, row.url = f"Acme {EVIL}", EVIL, "javascript:alert(3)"
        session.execute(update(Author).where(Author.id == row.author_id).values(name=EVIL, handle=f"{EVIL}x"))
        session.execute(update(Alert).where(Alert.mention_id == mention).values(author=EVIL, text=EVIL))
    for path in ("/inbox", "/mentions", f"/alerts/{world.alerts['tomas_k']}", f"/mentions/{mention}"):
        page = BeautifulSoup(agent.get(path).text, "html.parser")
        assert "alert(1)" in page.get_text(), path
        assert not [tag for tag in page.select("script") if tag.get_text().strip() or not tag.get("nonce")], (
            path
        )
        assert not page.select("img, [onerror], [onclick], [style], iframe, object"), path
        links = [str(tag["href"]) for tag in page.select("[href]")]
        assert [link for link in links if link.startswith("javascript")] == [], path


def test_guessing_from_one_address_is_throttled_whoever_is_tried(ctx: Context, world: World) -> None:
    start = now()
    tries = [
        auth.throttled(ctx.db, auth.attempt_subjects(f"p{number}@example.test", "203.0.113.9"), at=start)
        for number in range(auth.PER_ADDRESS + 1)
    ]
    assert tries == [False] * auth.PER_ADDRESS + [True]
    other = auth.attempt_subjects("p1@example.test", "203.0.113.10")
    assert not auth.throttled(ctx.db, other, at=start)
    later = auth.attempt_subjects("new@example.test", "203.0.113.9")
    assert not auth.throttled(ctx.db, later, at=start + auth.WINDOW + timedelta(seconds=1))


def test_a_new_password_ends_every_other_session(app: Flask, world: World, login: Login) -> None:
    here, elsewhere = login("agent"), login("agent")
    form = {"current": "not-my-password", "new": "another-long-password"}
    assert post(here, "/profile/password", **form).status_code == 400
    assert elsewhere.get("/inbox").status_code == 200
    assert post(here, "/profile/password", **{**form, "current": factories.PASSWORD}).status_code == 303
    assert here.get("/inbox").status_code == 200
    assert elsewhere.get("/inbox").status_code == 302
    old = {"email": factories.email("agent"), "password": factories.PASSWORD}
    assert post(app.test_client(), "/login", **old).status_code == 401


def test_behind_https_cookies_and_browsers_stay_there(ctx: Context, world: World) -> None:
    settings = Settings(public_url="https://panel.example.test", database={"url": str(ctx.db.url)})
    client = create_app(Context(Loaded(home=ctx.loaded.home, file=None, values=settings))).test_client()
    secure = {"base_url": "https://panel.example.test"}
    page = client.get("/login", **secure)  # type: ignore[arg-type]
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "Secure" in page.headers["Set-Cookie"]
    token = BeautifulSoup(page.text, "html.parser").select_one('[name="csrf_token"]')
    assert token is not None
    form = {
        "email": factories.email("agent"),
        "password": factories.PASSWORD,
        "csrf_token": str(token["value"]),
    }
    answer = client.post("/login", data=form, **secure)  # type: ignore[arg-type]
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(SESSION_COOKIE)]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie


def test_figures_are_for_this_machine_and_for_token_holders(app: Flask, ctx: Context, world: World) -> None:
    client = app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def test_a_database_that_is_away_is_said_and_asked_again_later(
    agent: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone: secret-host"))

    monkeypatch.setattr(security.people, "viewer", away)
    answer = agent.get("/inbox")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "secret-host" not in answer.text
    assert agent.get("/healthz").status_code == 200


def test_demo_mails_do_not_exist_elsewhere(agent: FlaskClient, admin: FlaskClient) -> None:
    assert agent.get("/mail").status_code == 404
    assert admin.get("/mail/any.eml").status_code == 404
    assert "/mail" not in [
        tag["href"] for tag in BeautifulSoup(admin.get("/inbox").text, "html.parser").select("a")
    ]


def test_the_throttle_keeps_no_address_of_a_person(ctx: Context, world: World, app: Flask) -> None:
    from web.models import LoginAttempt

    post(app.test_client(), "/login", email="who@example.test", password="wrong-password")
    with ctx.db.read() as session:
        kept = " ".join(session.scalars(select(LoginAttempt.subject)))
    assert kept
    assert "who@example.test" not in kept
