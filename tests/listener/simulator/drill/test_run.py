"""The crisis while it runs, on a clock of the test: what arrives, what is heard of the answers, what stays secret."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from listener.simulator import Simulator, SimulatorError
from listener.simulator.drill import Drill
from listener.simulator.drill.plan import HIGHEST, Arrival
from listener.simulator.model import Post
from tests.listener.simulator.conftest import Clock, connect

ONLY = ("mastodon", "feed", "hackernews")


@pytest.fixture
def crisis(clock: Clock) -> Iterator[Simulator]:
    with Simulator("crisis", live=False, clock=clock, speed=10, platforms=ONLY) as made:
        yield made


def run_of(simulator: Simulator) -> Drill:
    assert simulator.drill is not None
    return simulator.drill


def forward(simulator: Simulator, clock: Clock, minutes: float) -> None:
    """Let so much of the drill's time pass."""
    clock.move(minutes=minutes / run_of(simulator).speed)
    simulator.tick()


def critical(simulator: Simulator) -> tuple[Arrival, Post]:
    first = next(one for one in run_of(simulator).plan.arrivals if one.truth and one.truth.level == HIGHEST)
    return first, next(post for post in simulator.world.posts if post.text == first.text)


def test_a_held_drill_begins_when_it_is_told(crisis: Simulator, clock: Clock) -> None:
    run_of(crisis).hold()
    before = len(crisis.world.posts)
    forward(crisis, clock, 30)
    assert len(crisis.world.posts) == before
    assert run_of(crisis).scorecard().at_s == 0
    run_of(crisis).begin()
    forward(crisis, clock, 2)
    assert len(crisis.world.posts) == before + 1
    assert run_of(crisis).scorecard().at_s == 120


def test_posts_arrive_when_it_is_their_time(crisis: Simulator, clock: Clock) -> None:
    run = run_of(crisis)
    before = len(crisis.world.posts)
    forward(crisis, clock, 21.5)
    due = [one for one in run.plan.arrivals if one.after < timedelta(minutes=21)]
    assert len(crisis.world.posts) - before == len(due)
    forward(crisis, clock, 1)
    arrival, post = critical(crisis)
    assert post.heard_at <= clock()
    assert (clock() - post.heard_at).total_seconds() < 5  # the platforms' own time
    assert post.language == arrival.language


def test_every_post_has_its_place(crisis: Simulator, clock: Clock) -> None:
    forward(crisis, clock, 150)
    card = run_of(crisis).scorecard()
    assert {group.name for group in card.platforms} == set(ONLY)
    assert [one.title for one in crisis.world.news][-1].startswith("Heated blankets")
    comments = [one for one in crisis.world.hackernews if one.parent_id]
    assert {one.parent_id for one in comments} <= {one.id for one in crisis.world.hackernews if one.title}
    assert len(crisis.world.hackernews) == 3


def test_an_answer_by_the_api_is_heard_and_the_customer_goes_on(crisis: Simulator, clock: Clock) -> None:
    forward(crisis, clock, 23)
    arrival, post = critical(crisis)
    forward(crisis, clock, 4)
    client = connect(crisis)
    client.status_post(
        f"@{post.account.acct} Please unplug it and do not use it.", in_reply_to_id=post.id, language="en"
    )
    forward(crisis, clock, 1)
    card = run_of(crisis).scorecard()
    [level] = [group for group in card.levels if group.name == "3"]
    assert level.median_s == pytest.approx(
        4 * 60 + 60, abs=70
    )  # it arrived with the tick, at most a minute late
    assert (level.answered, level.wrong) == (1, 0)
    forward(crisis, clock, 2)
    assert crisis.world.posts[-1].text == arrival.then
    answered = crisis.world.posts[-1].parent
    assert answered is not None
    client.status_post("Thank you for telling us.", in_reply_to_id=crisis.world.posts[-1].id)
    assert run_of(crisis).scorecard().total.wrong == 0  # answered again, but the customer had written


def test_an_answer_to_the_later_post_of_a_customer_counts_for_the_case(
    crisis: Simulator, clock: Clock
) -> None:
    forward(crisis, clock, 39.5)
    later = next(post for post in crisis.world.posts if "not one word from you" in post.text)
    assert later.parent is not None
    connect(crisis).status_post(
        "Please unplug it, and write to us privately.", in_reply_to_id=later.id, language="en"
    )
    card = run_of(crisis).scorecard()
    assert card.total.answered == 1
    assert not [one for one in card.missed + card.waiting if one["by"] == "gorse_hill_gary"]


def test_an_answer_after_the_end_does_not_count(crisis: Simulator, clock: Clock) -> None:
    forward(crisis, clock, 151)
    _, post = critical(crisis)
    connect(crisis).status_post("Please unplug it.", in_reply_to_id=post.id)
    card = run_of(crisis).scorecard()
    assert card.over
    assert card.total.answered == 0
    assert card.total.missed == card.total.needing == 52


def test_the_truth_is_told_by_no_platform_and_not_on_the_page_before_the_end(
    crisis: Simulator, clock: Clock
) -> None:
    forward(crisis, clock, 60)
    said = [requests.get(crisis.base_url + path, timeout=10).text for path in (
        "/", "/api/v1/timelines/public?limit=40", "/hn/api/v1/search_by_date?query=velquist", "/feeds/news.xml",
    )]  # fmt: skip
    assert not any("truth" in text or "pull the plug" in text for text in said)
    assert 'href="/drill"' in said[0]
    running = requests.get(f"{crisis.base_url}/drill", timeout=10).text
    _, post = critical(crisis)
    assert post.text[:30] not in running
    assert "need answer" in running
    forward(crisis, clock, 100)
    assert post.text[:30] in requests.get(f"{crisis.base_url}/drill", timeout=10).text


def test_the_control_endpoint_gives_the_scorecard(crisis: Simulator, clock: Clock) -> None:
    forward(crisis, clock, 30)
    forward(crisis, clock, 30)
    card: dict[str, Any] = requests.get(f"{crisis.base_url}/_sim/drill", timeout=10).json()
    assert card == json.loads(json.dumps(run_of(crisis).scorecard().as_json() | {"at_s": card["at_s"]}))
    assert card["scenario"] == "crisis"
    assert card["missed"]


def test_a_script_adds_the_sources(crisis: Simulator) -> None:
    script = requests.get(f"{crisis.base_url}/_sim/listen", timeout=10).text
    lines = script.splitlines()
    assert lines[:2] == [
        "set -e", f"allears brand add Velquist --query {shlex.quote(crisis.world.brand_query)}",
    ]  # fmt: skip
    added = [shlex.split(line) for line in lines[2:]]
    assert [words[3] for words in added] == sorted(ONLY)
    assert f"--set=base_url={crisis.base_url}" in added[-1]


def test_a_week_is_no_drill(simulator: Simulator) -> None:
    answer = requests.get(f"{simulator.base_url}/_sim/drill", timeout=10)
    assert answer.status_code == 404
    assert "--scenario crisis" in answer.json()["error"]
    assert requests.get(f"{simulator.base_url}/drill", timeout=10).status_code == 404
    assert 'href="/drill"' not in requests.get(simulator.base_url, timeout=10).text


def test_platforms_that_are_not_there_are_named() -> None:
    with pytest.raises(SimulatorError, match="no platform pigeon"):
        Simulator("crisis", live=False, platforms=("pigeon",))
    with pytest.raises(SimulatorError, match="in use: feed"):
        Simulator("crisis", live=False, platforms=("feed",))


def test_what_needs_no_answer_and_has_no_place_is_left_out(clock: Clock) -> None:
    alone = Simulator("crisis", live=False, clock=clock, platforms=("mastodon",))
    forward(alone, clock, 150)
    card = run_of(alone).scorecard()
    assert [group.name for group in card.platforms] == ["mastodon"]
    assert (card.total.arrived, card.total.needing) == (79, 52)
