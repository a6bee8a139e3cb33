"""API v1 from outside: who gets in, what of whom they see, writes that happen once, problems in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from alerts.models import Reply
from alerts.people import PERMISSIONS, ROLES
from tests.factories import World
from tests.web.conftest import Login, post
from web.api import tokens
from web.composition import Context

Call = Callable[..., TestResponse]
TEXT = "Please unplug the kettle; we call you today and replace it."


@pytest.fixture
def call(app: Flask, ctx: Context, world: World) -> Call:
    """Return a function that asks the API as somebody of a role."""
    made: dict[str, str] = {}

    def ask(
        role: str, path: str, body: Mapping[str, Any] | str | None = None, *, key: str | None = None
    ) -> TestResponse:
        token = made.get(role) or made.setdefault(role, tokens.make(ctx.db, world.people[role], "test"))
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
        client = app.test_client()
        if body is None:
            return client.get(f"/api/v1/{path}", headers=headers)
        if isinstance(body, str):
            return client.post(f"/api/v1/{path}", headers=headers, data=body, content_type="application/json")
        return client.post(f"/api/v1/{path}", headers=headers, json=body)

    return ask


def count(ctx: Context) -> int:
    with ctx.db.read() as session:
        return session.scalar(select(func.count()).select_from(Reply)) or 0


def test_only_a_living_token_opens_the_door(
    app: Flask, ctx: Context, world: World, agent: FlaskClient
) -> None:
    assert agent.get("/api/v1/alerts").status_code == 401  # a session is no token
    answer = app.test_client().get("/api/v1/alerts", headers={"Authorization": "Bearer ears_guessed"})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.content_type == "application/problem+json"
    token = tokens.make(ctx.db, world.people["agent"], "script")
    header = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/alerts", headers=header).status_code == 200
    tokens.revoke(ctx.db, world.people["agent"], 1)
    assert app.test_client().get("/api/v1/alerts", headers=header).status_code == 401


def test_a_person_who_is_locked_out_takes_the_tokens_along(
    call: Call, world: World, admin: FlaskClient
) -> None:
    assert call("agent", "alerts").status_code == 200
    post(admin, f"/people/{world.people['agent']}/active", active="0")
    assert call("agent", "alerts").status_code == 401


@pytest.mark.parametrize("role", ROLES)
def test_a_token_may_what_its_role_may(role: str, app: Flask, call: Call, world: World) -> None:
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("api.") or rule.endpoint == "api.openapi":
            continue
        needed = app.view_functions[rule.endpoint].api_permission  # type: ignore[attr-defined]
        path = str(rule).removeprefix("/api/v1/")
        path = path.replace("<int:alert_id>", str(world.alert)).replace("<int:mention_id>", "1")
        writes = "POST" in (rule.methods or ())
        status = call(role, path, {} if writes else None, key=f"{role}{rule}").status_code
        assert (status == 403) is (role not in PERMISSIONS[needed]), f"{rule}: {status}"


def test_another_brand_does_not_exist(call: Call, world: World) -> None:
    foreign = world.foreign_alert
    assert call("agent", f"alerts/{foreign}").status_code == 404
    assert call("agent", f"alerts/{foreign}/reply", {"text": TEXT}, key="a").status_code == 404
    theirs = call("admin", f"alerts/{foreign}").json
    assert theirs is not None
    assert call("agent", "mentions/12/reply", {"text": TEXT}, key="b").status_code == 404
    for path in ("mentions", "alerts", "sources", "coverage"):
        assert "Globex" in call("admin", path).text, path
        assert "Globex" not in call("agent", path).text, path


def test_a_reply_happens_once_per_key(ctx: Context, call: Call, world: World) -> None:
    path = f"alerts/{world.alert}/reply"
    assert call("agent", path, {"text": TEXT}).status_code == 400
    first = call("agent", path, {"text": TEXT}, key="once")
    again = call("agent", path, {"text": TEXT}, key="once")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count(ctx) == 1
    assert call("agent", path, {"text": TEXT + "!"}, key="once").status_code == 422
    second = call("agent", path, {"text": TEXT}, key="other")
    assert second.status_code == 409
    assert second.json is not None
    assert "Agent Example" in str(second.json["who"])
    assert count(ctx) == 1


def test_what_may_not_be_sent_says_why_and_frees_the_key(ctx: Context, call: Call, world: World) -> None:
    path = f"alerts/{world.alert}/reply"
    long = call("agent", path, {"text": "x" * 501}, key="k")
    assert long.status_code == 422
    assert long.json is not None
    over = len(world.in_front(world.alert)) + 1
    assert f"too long by {over}: {500 + over} of at most 500" in str(long.json["problems"])
    assert count(ctx) == 0
    assert call("agent", path, {"text": TEXT}, key="k").status_code == 202


@pytest.mark.parametrize(
    "body",
    ['{"text": 7}', "[]", "{", "", '{"text": "a", "undo_seconds": "ten"}', '{"text": "a\\u0000b"}'],
)
def test_a_bad_body_is_refused_in_words(body: str, ctx: Context, call: Call, world: World) -> None:
    answer = call("agent", f"alerts/{world.alert}/reply", body, key="k")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["detail"]
    assert count(ctx) == 0


def test_rows_come_in_by_the_importer_s_door(call: Call, world: World) -> None:
    items = [{"id": "w1", "text": "acme is slow"}, {"id": "", "text": ""}, "no row"]
    body = {"brand": "Acme", "channel": "webhook", "items": items}
    answer = call("admin", "mentions", body, key="rows")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["new"] == 1
    assert [bad["line"] for bad in answer.json["rejected"]] == [2, 3]
    assert "acme is slow" in call("agent", "mentions").text
    assert call("admin", "mentions", {**body, "items": []}, key="none").status_code == 400
    assert call("admin", "mentions", {**body, "brand": "Nobody"}, key="nobody").status_code == 400


def test_the_description_knows_every_route(app: Flask) -> None:
    described = app.test_client().get("/api/v1/openapi.json").json
    assert described is not None
    assert described["openapi"].startswith("3.1")
    routes = {
        (str(rule).removeprefix("/api/v1").replace("<int:", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    told = {(path, method) for path, methods in described["paths"].items() for method in methods}
    assert {(path, method) for path, method in told if method != "parameters"} == routes


def test_numbers_of_a_query_are_numbers(call: Call, world: World) -> None:
    for path in ("mentions?after=x", "mentions?limit=²", f"mentions?after={'9' * 30}", "kpi?days=-1"):
        assert call("agent", path).status_code == 400, path
    page = call("agent", "mentions?limit=2").json
    assert page is not None
    assert len(page["items"]) == 2
    assert call("agent", f"mentions?limit=2&after={page['next']}").json != page


def test_a_token_is_shown_once_and_only_its_owner_revokes_it(
    ctx: Context, world: World, login: Login, admin: FlaskClient
) -> None:
    page = post(admin, "/profile/tokens", name="script").text
    assert tokens.PREFIX in page
    assert tokens.PREFIX not in admin.get("/profile").text
    other = tokens.make(ctx.db, world.people["agent"], "another's")
    assert post(admin, "/profile/tokens/2/revoke").status_code == 404
    assert tokens.person_of_token(ctx.db, other) == world.people["agent"]
