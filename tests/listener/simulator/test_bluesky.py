"""What only the simulated Bluesky does: sessions that end, records with keys, threads, facets in bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from listener.simulator.bluesky import names, shapes
from tests.listener.rooms import no_tokens
from tests.listener.simulator.conftest import Clock
from tests.listener.simulator.sim_room import SimRoom, enter, sim

__all__ = ["enter", "no_tokens", "sim"]


class Caller:
    """Speaks XRPC to a simulator."""

    def __init__(self, room: SimRoom) -> None:
        self.url = f"{room.sim.base_url}/bluesky/xrpc/"
        login = {"identifier": "tolvane.example.test", "password": room.sim.token}
        self.session = self.post("com.atproto.server.createSession", json=login).json()

    def get(self, method: str, **params: Any) -> requests.Response:
        return requests.get(self.url + method, params=params, headers=self.bearer("accessJwt"), timeout=5)

    def post(self, method: str, **more: Any) -> requests.Response:
        return requests.post(self.url + method, timeout=5, **more)

    def bearer(self, which: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session[which]}"}


def test_a_session_ends_and_is_renewed(enter: Callable[..., SimRoom], clock: Clock) -> None:
    room = enter("bluesky")
    room.sim.world.clock = clock
    caller = Caller(room)
    assert caller.get("com.atproto.server.getSession").json()["handle"] == "tolvane.example.test"
    clock.move(hours=3)
    over = caller.get("com.atproto.server.getSession")
    assert (over.status_code, over.json()["error"]) == (400, "ExpiredToken")
    caller.session = caller.post(
        "com.atproto.server.refreshSession", headers=caller.bearer("refreshJwt")
    ).json()
    assert caller.get("com.atproto.server.getSession").status_code == 200
    wrong = {"identifier": "tolvane.example.test", "password": "wrong"}
    assert caller.post("com.atproto.server.createSession", json=wrong).status_code == 401
    swapped = caller.post("com.atproto.server.refreshSession", headers=caller.bearer("accessJwt"))
    assert swapped.json()["error"] == "InvalidToken"


def test_a_thread_and_what_is_gone(enter: Callable[..., SimRoom]) -> None:
    room = enter("bluesky")
    said = room.say("@tolvane.example.test my tolvane box is dead")
    below = room.say("same here", by="bo_b", parent=said, minutes=4)
    caller = Caller(room)
    thread = caller.get("app.bsky.feed.getPostThread", uri=names.uri_of(below)).json()["thread"]
    assert thread["parent"]["post"]["uri"] == names.uri_of(said)
    assert thread["post"]["author"]["handle"] == "bo-b.example.test"
    room.hear()
    assert room.only().addressed_to_us
    room.sim.world.close_account(said.account, "bluesky")
    assert caller.get("app.bsky.feed.getPosts", uris=[names.uri_of(said)]).json() == {"posts": []}
    gone = caller.get("app.bsky.feed.getPostThread", uri=names.uri_of(said))
    assert (gone.status_code, gone.json()["error"]) == (400, "NotFound")


def test_a_record_key_is_taken_once(enter: Callable[..., SimRoom]) -> None:
    room = enter("bluesky")
    caller = Caller(room)
    record = {"$type": names.POST, "text": "hello", "createdAt": "2026-11-25T10:00:00.000Z"}
    body = {
        "repo": caller.session["did"],
        "collection": names.POST,
        "rkey": "3l6oveex3ii2l",
        "record": record,
    }
    send = {"json": body, "headers": caller.bearer("accessJwt")}
    assert caller.post("com.atproto.repo.createRecord", **send).json()["uri"].endswith("/3l6oveex3ii2l")
    assert caller.post("com.atproto.repo.createRecord", **send).status_code == 500
    asked = {"repo": caller.session["did"], "collection": names.POST}
    assert (
        caller.get("com.atproto.repo.getRecord", rkey="3l6oveex3ii2l", **asked).json()["value"]["text"]
        == "hello"
    )
    lost = caller.get("com.atproto.repo.getRecord", rkey="3l6oveex3ii2m", **asked)
    assert (lost.status_code, lost.json()["error"]) == (400, "RecordNotFound")


def test_names_lead_back_to_posts_and_people(enter: Callable[..., SimRoom]) -> None:
    room = enter("bluesky")
    made = [room.say(f"tolvane {n}", minutes=n % 3) for n in range(40)]
    world = room.sim.world
    assert len({names.key_of(post) for post in made}) == len(made)
    assert [names.post_at(world, names.uri_of(post)) for post in made] == made
    assert names.account(world, names.did_of(room.brand)) is room.brand
    assert names.post_at(world, "at://did:plc:nobody/app.bsky.feed.post/1") is None


@pytest.mark.parametrize("before", ["", "é ", "👩‍👩‍👧 "])
def test_facets_are_counted_in_bytes(enter: Callable[..., SimRoom], before: str) -> None:
    world = enter("bluesky").sim.world
    text = f"{before}@tolvane see https://tolvane.example.test/x #down"
    found = shapes.facets(text, world)
    pieces = [text.encode()[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode() for one in found]
    assert pieces == ["@tolvane", "https://tolvane.example.test/x", "#down"]


def test_429_tells_the_moment(enter: Callable[..., SimRoom]) -> None:
    room = enter("bluesky")
    caller = Caller(room)
    room.sim.faults.set("rate_limited", seconds=60, path="searchPosts")
    limited = caller.get("app.bsky.feed.searchPosts", q="tolvane")
    left = int(limited.headers["RateLimit-Reset"]) - room.sim.world.clock().timestamp()
    assert (limited.status_code, limited.json()["error"]) == (429, "RateLimitExceeded")
    assert 55 < left < 61
