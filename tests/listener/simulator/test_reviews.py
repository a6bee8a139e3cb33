"""What only the simulated app stores do: one answer a review, the ways without a key, moderation, signed tokens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from listener import collect
from tests.listener.rooms import no_tokens
from tests.listener.simulator.sim_room import SimRoom, enter, sim

__all__ = ["enter", "no_tokens", "sim"]
KEYED = ["googleplay", "appstore"]
KEYLESS = ["googleplay-page", "appstore-feed"]


@pytest.mark.parametrize("way", KEYED)
def test_a_second_answer_replaces_the_first(enter: Callable[..., SimRoom], way: str) -> None:
    room = enter(way)
    said = room.say("It does not open any more", rating=1, title="Broken")
    room.hear()
    mention = room.only()
    assert (mention.title, mention.rating) == ("Broken", 1)
    room.sim.world.answer_once(room.brand, said, "Please update.")
    room.hear()
    assert room.only().existing_reply == "Please update."
    room.sim.world.answer_once(room.brand, said, "Fixed in 4.3.")
    assert [one.text for one in room.public()] == ["Fixed in 4.3."]
    room.hear()
    assert room.only().existing_reply == "Fixed in 4.3."


@pytest.mark.parametrize("way", KEYED)
def test_the_author_of_a_review_can_change_it_and_leave(enter: Callable[..., SimRoom], way: str) -> None:
    room = enter(way)
    said = room.say("It does not open any more", rating=1)
    room.hear()
    room.sim.world.edit(said, "It opens again")
    room.sim.world.close_account(said.account, way)
    room.hear()
    assert room.only().text == "It opens again"


@pytest.mark.parametrize("way", KEYLESS)
def test_everybody_can_read_and_answers_go_by_hand(enter: Callable[..., SimRoom], way: str) -> None:
    room = enter(way)
    made = [room.say(f"crashes, case {n}", rating=2, minutes=300 - n, by=f"ada{n}") for n in range(120)]
    room.hear()
    assert {mention.text for mention in room.stored()} == {post.text for post in made}
    assert {mention.reply_mode for mention in room.stored()} == {"link"}


@pytest.mark.parametrize(("way", "path"), [("googleplay", "/play/andr"), ("appstore", "/appstore/v1/")])
def test_429_without_a_reset_is_waited_for(enter: Callable[..., SimRoom], way: str, path: str) -> None:
    room = enter(way)
    room.sim.faults.set("rate_limited", path=path)
    assert collect.poll(room.db, room.kit, room.source_id, force=True).error
    skipped = collect.poll(room.db, room.kit, room.source_id, force=True).skipped
    assert "rate limited" in (skipped or "")


def test_a_key_of_somebody_else_is_refused(enter: Callable[..., SimRoom]) -> None:
    room = enter("googleplay")
    answer = requests.post(f"{room.sim.base_url}/play/token", data={"assertion": "a.b.c"}, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    url = f"{room.sim.base_url}/appstore/v1/apps/990000001/customerReviews"
    answer = requests.get(url, headers={"Authorization": "Bearer x"}, timeout=5)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "NOT_AUTHORIZED")


def test_too_long_and_unknown_reviews_are_refused_in_the_platforms_words(
    enter: Callable[..., SimRoom],
) -> None:
    room = enter("googleplay")
    room.say("It does not open any more")
    room.hear()
    name = room.only().external_id
    url = f"{room.sim.base_url}/play/androidpublisher/v3/applications/com.example.brand/reviews"
    bearer = {"Authorization": f"Bearer play-{room.sim.token}"}
    long = requests.post(f"{url}/{name}:reply", json={"replyText": "x" * 351}, headers=bearer, timeout=5)
    assert (long.status_code, long.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    gone = requests.get(f"{url}/{name[:-1]}f", headers=bearer, timeout=5)
    assert (gone.status_code, gone.json()["error"]["status"]) == (404, "NOT_FOUND")
