from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from mastodon.errors import MastodonNotFoundError

from listener.simulator import Simulator, SimulatorError
from listener.simulator.pool import Pool
from tests.listener.simulator.conftest import Clock, connect


@pytest.fixture
def lively(clock: Clock) -> Simulator:
    made = Simulator(clock=clock, seed=7)  # not started: the test ticks
    made.crowd.tick()
    return made


def test_an_hour_of_live_posts_does_not_repeat_itself(lively: Simulator, clock: Clock) -> None:
    before = len(lively.world.posts)
    for _ in range(3600 // 5):
        clock.move(seconds=5)
        lively.crowd.tick()
    new = lively.world.posts[before:]
    assert 170 <= len(new) <= 370
    assert len({post.text for post in new}) == len(new)
    assert {post.language for post in new} == {"en", "fr", "ru", "he"}
    assert not any("{" in post.text for post in new)
    assert all(abs((post.created_at - post.heard_at).total_seconds()) < 1 for post in new)


def test_customers_answer_the_brand_in_their_language(
    simulator: Simulator, client: Any, clock: Clock
) -> None:
    asked = [one["status"] for one in client.notifications(types=["mention"], limit=40)]
    made = {
        client.status_post(f"@{one['account']['acct']} hello", in_reply_to_id=one["id"])["id"]: one
        for one in asked
    }
    assert simulator.crowd.tick() == 0  # nobody answers at once
    clock.move(seconds=30)
    simulator.crowd.tick()
    answers = [post for post in simulator.world.posts if post.parent is not None and post.parent.id in made]
    assert 0.4 * len(asked) < len(answers) < len(asked)
    for post in answers:
        to = made[post.parent.id] if post.parent else {}
        assert post.account.id == to["account"]["id"]
        assert post.language == to["language"]
        assert post.text.startswith("@tolvane ")
    heard = {one["status"]["id"] for one in client.notifications(types=["mention"], limit=80)}
    assert {post.id for post in answers} <= heard


def test_a_post_is_deleted_while_it_runs(simulator: Simulator, client: Any, clock: Clock) -> None:
    [status] = client.search_v2("daffodils", result_type="statuses")["statuses"]
    clock.move(minutes=5)
    simulator.crowd.tick()
    with pytest.raises(MastodonNotFoundError):
        client.status(status["id"])
    assert status["id"] not in {
        one["status"]["id"] for one in client.notifications(types=["mention"], limit=80)
    }


def test_the_week_has_what_a_team_must_handle(simulator: Simulator) -> None:
    posts = simulator.world.posts
    languages = Counter(post.language for post in posts)
    assert len(posts) >= 150
    assert min(languages[code] for code in ("en", "fr", "ru", "he")) >= 20
    now = datetime.now(UTC)
    assert [post for post in posts if post.created_at > now]
    assert [post for post in posts if post.edited_at]
    assert [post for post in posts if post.boost_of]
    assert [post for post in posts if post.account.bot]
    assert (
        simulator.world.replies_by_brand() == []
    )  # what the scenario's brand said is not what the API posted
    recent = [post for post in posts if (now - post.heard_at).total_seconds() < 3600]
    earlier = [post for post in posts if 3600 <= (now - post.heard_at).total_seconds() < 7200]
    assert len(recent) > 1.5 * len(earlier)


def test_threads_are_told_as_ancestors_and_descendants(client: Any) -> None:
    [status] = client.search_v2('"FOURTH time"', result_type="statuses")["statuses"]
    context = client.status_context(status["id"])
    assert [one["account"]["acct"] for one in context["ancestors"]] == [
        "carol_two_sheds",
        "tolvane",
        "carol_two_sheds",
    ]
    assert ["so I can" in one["content"] for one in context["descendants"]] == [True]


def test_posts_keep_arriving_by_themselves() -> None:
    with Simulator("quiet", speed=200) as made:
        client, before = connect(made), len(made.world.posts)
        for _ in range(100):
            if len(client.timeline_public(limit=40)) > before:
                break
            client.timeline_public(limit=1)
            made._stopping.wait(0.1)
        assert len(made.world.posts) > before


def test_an_unknown_scenario_and_a_speed_of_zero_are_explained() -> None:
    with pytest.raises(SimulatorError, match="brand_week, burst, crisis, quiet"):
        Simulator("nope")
    with pytest.raises(SimulatorError, match="greater than zero"):
        Simulator("quiet", speed=0)
    assert [pool.language for pool in Pool.all()] == ["en", "fr", "he", "ru"]


def test_a_port_that_is_taken_is_explained() -> None:
    with Simulator("quiet", live=False) as first:
        port = int(first.base_url.rpartition(":")[2])
        with pytest.raises(SimulatorError, match=f"port {port} cannot be used"):
            Simulator("quiet", port, live=False).start()
