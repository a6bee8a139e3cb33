"""What only the simulated X does: link-only posts, its query language, its errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from listener import preview
from listener.query import parse as query
from listener.simulator.searching import QueryError
from listener.simulator.x.search import found
from tests.listener.rooms import no_tokens
from tests.listener.simulator.sim_room import SimRoom, enter, sim

__all__ = ["enter", "no_tokens", "sim"]


def ask(room: SimRoom, path: str, **params: str) -> requests.Response:
    bearer = {"Authorization": f"Bearer {room.sim.token}"}
    return requests.get(f"{room.sim.base_url}/x/2{path}", params=params, headers=bearer, timeout=5)


def test_a_post_that_does_not_mention_us_is_answered_by_hand(enter: Callable[..., SimRoom]) -> None:
    room = enter("x")
    said = room.say("the tolvane box is dead again")
    room.hear()
    assert room.only().reply_mode == "link"
    keys = 'OAuth oauth_consumer_key="sim-key", oauth_token="sim-brand-token"'
    body = {"text": "hello", "reply": {"in_reply_to_tweet_id": room.only().external_id}}
    refused = requests.post(
        f"{room.sim.base_url}/x/2/tweets", json=body, headers={"Authorization": keys}, timeout=5
    )
    assert (refused.status_code, room.public()) == (403, [])
    assert "where you are mentioned" in refused.json()["detail"]
    assert said.answers == 0


def test_an_app_alone_reads_and_cannot_post(enter: Callable[..., SimRoom]) -> None:
    room = enter("x-app")
    room.say("@tolvane my tolvane box is dead")
    room.hear()
    assert room.only().reply_mode == "link"
    assert ask(room, "/users/me").status_code == 403


def test_a_query_is_counted_before_it_is_saved(enter: Callable[..., SimRoom]) -> None:
    room = enter("x-app", reads_per_day="100")
    for number in range(20):
        room.say(f"my tolvane box is dead {number}", by=f"ada{number}", minutes=60 * number)
    room.say("a coffee, please")
    found = preview.live(room.db, room.kit, "here", [query("tolvane -fine")])
    assert (found.hits, found.counted, found.reads) == (20, True, 0)
    assert found.costs[0].share == pytest.approx(20 / 7 / 100, rel=0.01)
    keys = 'OAuth oauth_consumer_key="sim-key", oauth_token="sim-brand-token"'
    refused = requests.get(
        f"{room.sim.base_url}/x/2/tweets/counts/recent", params={"query": "tolvane"},
        headers={"Authorization": keys}, timeout=5,
    )  # fmt: skip
    assert refused.status_code == 403


def test_a_deleted_account_takes_its_posts_along(enter: Callable[..., SimRoom]) -> None:
    room = enter("x")
    said = room.say("@tolvane my tolvane box is dead")
    room.hear()
    room.sim.world.close_account(said.account, "x")
    (told,) = ask(room, "/tweets", ids=room.only().external_id).json()["errors"]
    assert told["type"].endswith("resource-not-found")
    room.answer(room.only())
    room.send()
    assert room.replied().state == "failed"
    assert "deleted" in (room.replied().error or "")


def test_429_and_bad_questions_look_as_they_do_on_x(enter: Callable[..., SimRoom]) -> None:
    room = enter("x")
    room.sim.faults.set("rate_limited", seconds=120, path="/x/")
    limited = ask(room, "/tweets/search/recent", query="tolvane")
    left = int(limited.headers["x-rate-limit-reset"]) - room.sim.world.clock().timestamp()
    assert (limited.status_code, limited.json()["title"]) == (429, "Too Many Requests")
    assert 115 < left < 121
    assert ask(room, "/tweets/search/recent", query="tolvane", max_results="3").status_code == 400
    assert ask(room, "/tweets/search/recent", query="tolvane", since_id="1000").status_code == 400
    assert ask(room, "/tweets/search/recent", query="x" * 600).status_code == 400


@pytest.mark.parametrize(
    ("query", "means"),
    [
        ("tolvane", True),
        ('"box is dead" -"box is fine"', True),
        ("((coffee) OR (@tolvane)) -is:retweet lang:en", True),
        ("#tolvane", False),
        ("from:ada", True),
        ("tolvane -from:ada", False),
        ("lang:fr", False),
        ("(coffee tolvane)", False),
    ],
)
def test_queries(enter: Callable[..., SimRoom], query: str, *, means: bool) -> None:
    said = enter("x").say("@tolvane my Tolvane box is dead")
    assert found(query)(said) is means


@pytest.mark.parametrize("query", ["", "(tolvane", "tolvane OR", "mood:sad", "a )"])
def test_queries_that_x_does_not_take(query: str) -> None:
    with pytest.raises(QueryError):
        found(query)
