from __future__ import annotations

from time import monotonic, time
from typing import Any

import pytest
import requests
from mastodon.errors import (
    MastodonAPIError,
    MastodonBadGatewayError,
    MastodonNetworkError,
    MastodonNotFoundError,
    MastodonRatelimitError,
    MastodonServiceUnavailableError,
    MastodonUnauthorizedError,
)

from listener.simulator import Simulator, SimulatorError
from tests.listener.simulator.conftest import Clock, connect


def test_a_repeated_key_posts_once(client: Any, simulator: Simulator, clock: Clock) -> None:
    asked = client.notifications(types=["mention"])[0]["status"]
    first, second = (
        client.status_post("@pat hello", in_reply_to_id=asked["id"], idempotency_key="k-1") for _ in range(2)
    )
    assert first["id"] == second["id"]
    assert [post.id for post in simulator.world.replies_by_brand()] == [first["id"]]
    other = client.status_post("@pat hello", in_reply_to_id=asked["id"], idempotency_key="k-2")
    assert other["id"] != first["id"]
    clock.move(hours=2)  # a key is remembered for an hour
    assert client.status_post("@pat hello", idempotency_key="k-1")["id"] not in {first["id"], other["id"]}


def test_the_same_key_of_another_token_is_another_key(client: Any, simulator: Simulator) -> None:
    world = simulator.world
    world.tokens["second"] = world.add_account("somebody", "Somebody")
    mine = client.status_post("one", idempotency_key="same")
    assert connect(simulator, "second").status_post("two", idempotency_key="same")["id"] != mine["id"]


def test_accepted_then_503_has_posted(client: Any, simulator: Simulator) -> None:
    asked = client.notifications(types=["mention"])[0]["status"]
    simulator.faults.set("accepted_then_503")
    with pytest.raises(MastodonServiceUnavailableError):
        client.status_post("we are on it", in_reply_to_id=asked["id"], idempotency_key="k")
    [stored] = simulator.world.replies_by_brand()
    assert (
        client.status_post("we are on it", in_reply_to_id=asked["id"], idempotency_key="k")["id"] == stored.id
    )
    assert stored.id in {one["id"] for one in client.status_context(asked["id"])["descendants"]}


def test_own_statuses_are_hidden_inside_the_read_lag(client: Any, simulator: Simulator, clock: Clock) -> None:
    asked = client.notifications(types=["mention"])[0]["status"]
    simulator.faults.set("read_lag", seconds=20)
    made = client.status_post("hello", in_reply_to_id=asked["id"])
    with pytest.raises(MastodonNotFoundError):
        client.status(made["id"])
    assert made["id"] not in {one["id"] for one in client.account_statuses(made["account"]["id"])}
    clock.move(seconds=21)
    assert made["id"] in {one["id"] for one in client.status_context(asked["id"])["descendants"]}


def test_429_says_when_it_ends(client: Any, simulator: Simulator) -> None:
    simulator.faults.set("rate_limited", seconds=90, path="/timelines")
    with pytest.raises(MastodonRatelimitError):
        client.timeline_public()
    assert 80 < client.ratelimit_reset - time() < 95
    assert client.timeline_public()


def test_the_rate_limit_is_real() -> None:
    with Simulator("quiet", live=False, rate_limit=3) as made:
        client = connect(made)
        for remaining in (2, 1, 0):
            client.account_verify_credentials()
            assert client.ratelimit_remaining == remaining
        with pytest.raises(MastodonRatelimitError):
            client.account_verify_credentials()
        assert 0 < client.ratelimit_reset - time() <= 301
        assert connect(made, "").instance_v1()  # another address or token has its own window


def test_other_faults_look_as_they_do_in_life(client: Any, simulator: Simulator) -> None:
    faults = simulator.faults
    # by path: before its first timeline the library asks for the instance
    faults.set("server_error", status=502, times=2, path="/timelines")
    for _ in range(2):
        with pytest.raises(MastodonBadGatewayError):
            client.timeline_public()
    faults.set("unauthorized", path="/timelines")
    with pytest.raises(MastodonUnauthorizedError):
        client.timeline_public()
    for kind in ("truncated", "not_json"):
        faults.set(kind, path="/timelines")
        with pytest.raises(MastodonAPIError, match="Could not parse"):
            client.timeline_public()
    assert client.timeline_public()


def test_a_stall_outlasts_the_reader(simulator: Simulator) -> None:
    simulator.faults.set("stall", seconds=1.5, path="/timelines")
    start = monotonic()
    with pytest.raises(MastodonNetworkError):
        connect(simulator, request_timeout=0.3).timeline_public()
    assert monotonic() - start < 1.4


def test_faults_by_path_over_http_and_back(client: Any, simulator: Simulator) -> None:
    address = f"{simulator.base_url}/_sim/faults"
    body = {"kind": "server_error", "times": None, "path": "/notifications"}
    assert requests.post(address, json=body, timeout=5).json()["path"] == "/notifications"
    assert client.timeline_public()
    with pytest.raises(MastodonAPIError):
        client.notifications()
    assert requests.delete(address, timeout=5).status_code == 200
    assert client.notifications()


def test_faults_are_ordered_in_words(simulator: Simulator) -> None:
    made = simulator.faults.order("rate_limited:path=/x/,seconds=60,times=3,after=1")
    assert (made.kind, made.path, made.seconds, made.times, made.after) == ("rate_limited", "/x/", 60.0, 3, 1)
    assert simulator.faults.order("stall:times=always").times is None
    for wrong in ("meteor", "stall:colour=red", "stall:times", "stall:times=many", "stall:seconds=-1"):
        with pytest.raises(SimulatorError):
            simulator.faults.order(wrong)


def test_a_fault_can_let_some_requests_by(client: Any, simulator: Simulator) -> None:
    simulator.faults.set("server_error", path="/timelines", after=1)
    assert client.timeline_public()
    with pytest.raises(MastodonAPIError):
        client.timeline_public()


def test_the_options_of_every_source_are_told(simulator: Simulator) -> None:
    told = requests.get(f"{simulator.base_url}/_sim/settings", timeout=5).json()
    assert told["mastodon"] == {"base_url": simulator.base_url, "access_token": simulator.token}
    assert "PRIVATE KEY" in told["googleplay"]["service_account"]
    assert set(told) >= {
        "x",
        "x-app",
        "reddit",
        "reddit-rss",
        "bluesky",
        "appstore",
        "appstore-feed",
        "email",
    }


def test_a_deleted_account_of_mastodon_takes_its_posts_along(client: Any, simulator: Simulator) -> None:
    newest = client.timeline_public()[0]
    simulator.faults.set("deleted_author", path="/timelines")
    assert newest["id"] not in {one["id"] for one in client.timeline_public()}
    with pytest.raises(MastodonNotFoundError):
        client.status(newest["id"])


def test_a_looping_cursor_leads_to_the_same_page(client: Any, simulator: Simulator) -> None:
    first = client.timeline_public(limit=5)
    simulator.faults.set("looping_cursor", path="/timelines")
    again = client.timeline_public(limit=5)
    assert client.fetch_next(again) == first == again
    assert client.fetch_next(first) != first


def test_a_fault_nobody_knows_is_refused(simulator: Simulator) -> None:
    answer = requests.post(f"{simulator.base_url}/_sim/faults", json={"kind": "meteor"}, timeout=5)
    assert answer.status_code == 400
    assert "accepted_then_503" in answer.json()["error"]
    assert requests.post(f"{simulator.base_url}/_sim/faults", data="x", timeout=5).status_code == 400
    with pytest.raises(SimulatorError, match="times at least 1"):
        simulator.faults.set("stall", times=0)
