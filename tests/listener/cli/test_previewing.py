"""`source preview`: saved, typed and stored, for people and for scripts; a bad query shows its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner, Result

from listener import brands, budget
from listener.cli import brand, source
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Source
from listener.query import QueryError
from listener.sources import SourceError
from tests import factories
from tests.listener.channels.x_room import KEYS, TinyX
from tests.listener.channels.x_scene import BEARER, listen_to
from tests.listener.web_room import Site


@dataclass
class App:
    db: Database
    ground: Ground

    def run(self, group: Any, *words: str) -> Result:
        return CliRunner().invoke(group, words, obj=self)


@pytest.fixture
def app(sqlite_db: Database, kit: Ground) -> App:
    return App(sqlite_db, kit)


@pytest.fixture
def tiny(site: Site) -> TinyX:
    found = TinyX(site)
    for number in range(34):
        found.publish(f"acme is slow {number}", minutes=number + 1)
    return found


def test_a_saved_source_says_hits_cost_and_share_of_its_budget(app: App, tiny: TinyX) -> None:
    listen_to(app.db, app.ground, tiny, reads_per_day="10", **BEARER)
    done = app.run(source, "preview", "x", "--query", "acme", "--examples")
    assert done.exit_code == 0, done.output
    assert "34 hits in 7.0 days, as x counts: about 4.9 a day" in done.output
    assert "about 4.9 paid reads a day = 0.02 USD a day, 0.73 USD in 30 days (0.005 USD a read" in done.output
    assert "49% of the budget of 10 a day, 10 used today, it begins again at 00:00 UTC" in done.output
    assert "This preview itself read 10 posts." in done.output
    assert "because of: acme" in done.output
    assert "10 of 10 paid reads today" in app.run(source, "list").output
    told = json.loads(app.run(source, "list", "--json").output)[0]
    assert (told["reads_today"], told["reads_per_day"]) == (10, 10)


def test_more_than_the_budget_is_a_warning(app: App, tiny: TinyX) -> None:
    source_id = listen_to(app.db, app.ground, tiny, reads_per_day="10", **BEARER)
    for number in range(120):
        tiny.publish(f"acme again {number}", minutes=60 + number)
    told = app.run(source, "preview", "x").output  # without --query: the brand's own
    assert "WARNING: x: about 22 paid reads a day" in told
    assert "220% of the budget of 10 a day" in told
    with app.db.read() as session:
        assert budget.of(session, session.get_one(Source, source_id), at=now()).used == 0


def test_a_typed_source_and_json(app: App, tiny: TinyX) -> None:
    given = {"base_url": tiny.site.url} | KEYS | BEARER
    sets = [part for key, value in given.items() for part in ("--set", f"{key}={value}")]
    told = json.loads(app.run(source, "preview", "--kind", "x", *sets, "--query", "acme", "--json").output)
    assert (told["hits"], told["counted_by_platform"], told["costs"][0]["per_month"]) == (34, True, "0.73")


def test_stored_mentions_are_tried_without_any_source(app: App) -> None:
    factories.world(app.db, app.ground)
    done = app.run(source, "preview", "--query", "kettle", "--brand", "Acme")
    assert "1 hits in 7.0 days, among 11 stored mentions" in done.output
    assert "because of: kettle" in done.output


def test_what_cannot_be_tried_is_refused(app: App) -> None:
    assert app.run(source, "preview").exit_code == 2
    assert app.run(source, "preview", "x", "--kind", "x", "--query", "a").exit_code == 2
    assert isinstance(app.run(source, "preview", "--query", "a AND (").exception, QueryError)
    assert isinstance(app.run(source, "preview", "none", "--query", "a").exception, SourceError)


def test_a_brand_s_queries_are_changed(app: App) -> None:
    brands.add(app.db, "Acme", query="acme")
    assert "2 queries" in app.run(brand, "query", "Acme", "acme", "#acmetv").output
    assert brands.list_(app.db)[0].queries == ["acme", "#acmetv"]
    assert app.run(brand, "query", "Acme", "#acmetv").exit_code == 0
    assert brands.list_(app.db)[0].queries == ["#acmetv"]
    assert isinstance(app.run(brand, "query", "Acme", "(").exception, QueryError)
    assert app.run(brand, "query", "Acme", "acme").exit_code == 0
    with app.db.read() as session:
        (found,) = brands.queries_of(session, 1)
    assert found[0] == 1  # the row of the first query: its hits stay its own
