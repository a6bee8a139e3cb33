"""`allears demo --scenario crisis`: sources for every platform, a beginning, and one scorecard."""

from __future__ import annotations

import pytest

from listener import brands, sources
from listener.db import Database
from listener.simulator import Simulator
from tests.listener.rooms import ground
from web.commands.demo_drill import Drill


def test_each_platform_gets_a_source_and_the_score_is_told_once(
    sqlite_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulator("crisis", live=False, platforms=("mastodon", "feed", "hackernews", "x")) as simulator:
        led = Drill(simulator)
        brands.add(sqlite_db, simulator.world.brand_name, query=simulator.world.brand_query)
        led.listen(sqlite_db, ground())
        names = {one.kind: one.name for one in sources.list_(sqlite_db)}
        assert sorted(names) == ["feed", "hackernews", "mastodon", "x"]
        assert names["hackernews"] == f"{simulator.world.brand_name} on Hacker News"
        led.tell()
        assert not capsys.readouterr().out  # it has not begun
        led.begin()
        assert capsys.readouterr().out.startswith("Drill: begins now, takes 2 h 30; figures at http://")
        led.tell()
        led.tell()
        assert capsys.readouterr().out.count("Scorecard of the drill crisis") == 1


def test_an_ordinary_week_has_no_score(sqlite_db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with Simulator("quiet", live=False) as simulator:
        led = Drill(simulator)
        led.listen(sqlite_db, ground())
        led.begin()
        led.tell()
    assert not capsys.readouterr().out
