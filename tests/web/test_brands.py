"""Whoever works for one brand neither sees nor touches another: rules, sources, colleagues, bulk actions, search."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from alerts import people, rules
from alerts.models import Alert
from listener import sources
from tests import factories
from tests.factories import World
from tests.web.conftest import Login, post
from web.composition import Context


@pytest.fixture
def keeper(ctx: Context, world: World, login: Login) -> FlaskClient:
    """An admin of one brand only."""
    people.add_person(ctx.db, "keeper@example.test", "admin", factories.PASSWORD, ("Acme",), name="Keeper")
    return login("keeper")


def state_of(ctx: Context, name: str) -> str:
    return next(row.state for row in sources.list_(ctx.db) if row.name == name)


def test_a_source_of_another_brand_is_neither_shown_nor_touched(ctx: Context, keeper: FlaskClient) -> None:
    page = keeper.get("/sources").text
    assert "Acme on Mastodon" in page
    assert "Globex" not in page
    assert post(keeper, "/sources/Globex on Mastodon/pause").status_code == 404
    assert state_of(ctx, "Globex on Mastodon") == "active"
    assert post(keeper, "/sources/Acme on Mastodon/pause").status_code == 303
    assert state_of(ctx, "Acme on Mastodon") == "paused"
    form = {"kind": "feed", "name": "News", "option-url": "https://news.example.test/feed"}
    assert post(keeper, "/sources", brand="Globex", **form).status_code == 400
    assert post(keeper, "/sources", brand="Acme", **form).status_code == 303


def test_a_rule_reaches_no_further_than_its_author(ctx: Context, world: World, login: Login) -> None:
    lead = login("lead")
    rules.add(ctx.db, "Globex only", brand="Globex")
    rules.add(ctx.db, "Everywhere")
    page = lead.get("/rules").text
    assert "Globex" not in page
    assert "Everywhere" in page
    for brand in ("", "Globex"):
        assert post(lead, "/rules", name="Mine", brand=brand).status_code == 400
    for name in ("Globex only", "Everywhere", "Nothing"):
        assert post(lead, "/rules/enable", name=name, enabled="0").status_code == 404, name
    assert post(lead, "/rules", name="Mine", brand="Acme").status_code == 303
    assert post(lead, "/rules/enable", name="Mine", enabled="0").status_code == 303
    with ctx.db.read() as session:
        found = {rule.name: rule.enabled for rule in rules.list_(session)}
    assert found == {"Globex only": True, "Everywhere": True, "Mine": False}


def test_an_alert_is_offered_only_to_those_who_may_see_it(ctx: Context, world: World, login: Login) -> None:
    people.add_person(ctx.db, "gil@example.test", "agent", factories.PASSWORD, ("Globex",), name="Gil")
    people.add_person(ctx.db, "all@example.test", "agent", factories.PASSWORD, (), name="Alba")
    page = BeautifulSoup(login("lead").get(f"/alerts/{world.alert}").text, "html.parser")
    offered = [button.get_text() for button in page.select('.pane button[name="person"]')]
    assert "Alba" in offered
    assert "Agent Example" in offered
    assert "Gil" not in offered


def test_one_foreign_alert_fails_the_whole_bulk(ctx: Context, world: World, agent: FlaskClient) -> None:
    ids = [world.alert, world.foreign_alert]
    assert post(agent, "/inbox/bulk", action="resolve", id=ids).status_code == 404
    with ctx.db.read() as session:
        assert {session.get_one(Alert, one).state for one in ids} == {"open"}


def test_filters_offer_and_find_only_one_s_own_brands(world: World, agent: FlaskClient) -> None:
    for path in ("/inbox", "/mentions", "/dashboard"):
        assert "Globex" not in agent.get(path).text, path
    assert "Foreign Customer" not in agent.get("/mentions?brand=Globex").text
    assert "Foreign Customer" not in agent.get("/inbox?brand=Globex&state=all").text
    assert "Foreign Customer" not in agent.get("/mentions?text=Foreign").text
