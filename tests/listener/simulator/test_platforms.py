"""Every platform of the simulator through its real channel: heard, in pages, answered once, seen on the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.listener.rooms import no_tokens
from tests.listener.simulator.sim_room import SimRoom, enter, sim

__all__ = ["enter", "no_tokens", "sim"]
WAYS = ["x", "reddit", "bluesky", "googleplay", "appstore", "email"]
"""The ways in by which an answer goes through the API."""


@pytest.mark.parametrize("way", WAYS)
def test_heard_answered_once_and_seen_on_the_page(enter: Callable[..., SimRoom], way: str) -> None:
    room = enter(way)
    said = room.say("@tolvane my tolvane box is dead since noon")
    room.hear()
    mention = room.only()
    assert mention.text.endswith("my tolvane box is dead since noon")
    room.answer(mention)
    room.send()
    (public,) = room.public()
    assert public.parent is said
    assert room.replied().state == "sent"
    page = requests.get(f"{room.sim.base_url}/@ada/{said.id}", timeout=5).text
    assert "Sorry, we are on it." in page
    assert room.hear().new == 0  # our own answer is no mention
    assert len(room.stored()) == 1


@pytest.mark.parametrize("way", WAYS)
def test_more_than_a_page_is_stored_once_each(enter: Callable[..., SimRoom], way: str) -> None:
    room = enter(way)
    made = [
        room.say(f"@tolvane my tolvane box is dead, case {n}", minutes=300 - n, by=f"ada{n}")
        for n in range(250)
    ]
    for _ in range(4):
        room.hear()
    assert sorted(mention.text.rpartition(" ")[2] for mention in room.stored()) == sorted(
        str(n) for n in range(len(made))
    )


@pytest.mark.parametrize("way", WAYS)
def test_taken_and_then_503_is_one_answer(enter: Callable[..., SimRoom], way: str) -> None:
    room = enter(way)
    room.say("@tolvane my tolvane box is dead since noon")
    room.hear()
    room.answer(room.only())
    room.sim.faults.set("accepted_then_503")
    room.send()
    assert room.replied().state == "unknown"
    room.resolve()
    assert room.replied().state == "sent"
    assert len(room.public()) == 1
