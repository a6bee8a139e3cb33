"""Every route states who may use it, and each role gets exactly what the table of permissions gives it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alerts.people import PERMISSIONS, ROLES
from tests.factories import World
from tests.web.conftest import Login, post
from web.security import BEARER, PUBLIC, SIGNED_IN

OPEN_TO_ALL = {
    "static", "auth.home", "auth.login", "auth.log_in", "auth.setup", "auth.set_up", "health.healthz", "health.readyz",
    "health.metrics", "digests.ask", "digests.leave",
}  # fmt: skip
BY_TOKEN = {"hooks.receive"}
WITHOUT_CSRF = {"digests.leave"}


def test_every_route_states_a_permission(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        assert permission in {PUBLIC, SIGNED_IN, BEARER, *PERMISSIONS}, f"{rule} states no permission"


def test_only_these_routes_are_public(app: Flask) -> None:
    views = app.view_functions
    assert {name for name, view in views.items() if view.permission == PUBLIC} == OPEN_TO_ALL  # type: ignore[attr-defined]
    by_token = {name for name, view in views.items() if view.permission == BEARER}  # type: ignore[attr-defined]
    assert {name for name in by_token if not name.startswith("api.")} == BY_TOKEN
    assert {name for name, view in views.items() if getattr(view, "csrf_exempt", False)} == WITHOUT_CSRF


def test_every_api_route_but_its_description_states_a_permission(app: Flask) -> None:
    for name, view in app.view_functions.items():
        if name.startswith("api.") and name != "api.openapi":
            assert view.api_permission in PERMISSIONS, name  # type: ignore[attr-defined]


def filled(rule: object, world: World) -> str:
    """Put ids that exist into a route."""
    ids = {
        "alert_id": world.alert,
        "mention_id": world.mentions["Priya N."],
        "person_id": world.people["agent"],
    }
    path = re.sub(r"<int:(\w+)>", lambda found: str(ids.get(found[1], 1)), str(rule))
    path = re.sub(r"<path:\w+>", "css/base.css", path)
    return re.sub(r"<(\w+)>", lambda found: {"kind": "mastodon", "action": "test"}.get(found[1], "x"), path)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_exactly_what_it_may(role: str, app: Flask, world: World, login: Login) -> None:
    client = login(role)
    refused, allowed = set(), set()
    for rule in app.url_map.iter_rules():
        permission = app.view_functions[rule.endpoint].permission  # type: ignore[attr-defined]
        if (
            "GET" not in (rule.methods or ())
            or permission in {PUBLIC, BEARER}
            or rule.endpoint.startswith("mail.")
        ):
            continue
        status = client.get(filled(rule, world)).status_code
        (refused if status == 403 else allowed).add(rule.endpoint)
        assert status in {200, 204, 302, 303, 403}, f"{rule}: {status}"
    expected = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith("mail.")
        and (permission := app.view_functions[rule.endpoint].permission) in PERMISSIONS  # type: ignore[attr-defined]
        and role not in PERMISSIONS[permission]
    }  # fmt: skip
    assert refused == expected
    assert "inbox.inbox" in allowed


@pytest.mark.parametrize("role", ROLES)
def test_no_role_writes_what_it_may_not(role: str, app: Flask, world: World, login: Login) -> None:
    client = login(role)
    tried = 0
    for rule in app.url_map.iter_rules():
        permission = app.view_functions[rule.endpoint].permission  # type: ignore[attr-defined]
        if (
            "POST" in (rule.methods or ())
            and permission in PERMISSIONS
            and role not in PERMISSIONS[permission]
        ):
            assert post(client, filled(rule, world)).status_code == 403, rule
            tried += 1
    assert tried or role == "admin"


def test_nobody_is_let_in_without_a_session(app: Flask, world: World) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        permission = app.view_functions[rule.endpoint].permission  # type: ignore[attr-defined]
        if "GET" in (rule.methods or ()) and permission not in {PUBLIC, BEARER}:
            answer = client.get(filled(rule, world))
            assert answer.status_code == 302, rule
            assert answer.location.startswith("/login"), rule


def test_writes_without_a_token_are_refused(app: Flask, world: World, agent: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if "POST" in (rule.methods or ()) and view.permission != BEARER and rule.endpoint not in WITHOUT_CSRF:  # type: ignore[attr-defined]
            assert agent.post(filled(rule, world)).status_code in {400, 403}, rule
    assert (
        app.test_client().post("/login", data={"email": "a@example.test", "password": "x"}).status_code == 400
    )


def test_a_foreign_brand_does_not_exist(world: World, agent: FlaskClient) -> None:
    foreign = world.foreign_alert
    assert agent.get(f"/alerts/{foreign}").status_code == 404
    for act in ("assign", "close", "reopen", "notes", "presence", "reply", "check", "draft"):
        assert post(agent, f"/alerts/{foreign}/{act}", text="hello", resolution="spam").status_code == 404, (
            act
        )
    assert "Globex lost my parcel" not in agent.get("/inbox?state=all").text
    assert "Globex lost my parcel" not in agent.get("/mentions").text
