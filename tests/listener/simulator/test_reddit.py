"""What only the simulated Reddit does: comments of subreddits, messages, RSS without a key, deletion, its errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from listener import collect
from tests.listener.rooms import no_tokens
from tests.listener.simulator.sim_room import SimRoom, enter, sim

__all__ = ["enter", "no_tokens", "sim"]


def test_comments_of_a_subreddit_and_messages_are_heard_and_answered(enter: Callable[..., SimRoom]) -> None:
    room = enter("reddit", subreddits="gadgets")
    about = room.say("Which box do you have at home?", by="bo", title="Best router?", place="gadgets")
    comment = room.say("not tolvane, mine smokes", parent=about, minutes=4)
    message = room.say(
        "please call me back about my bill", title="tolvane bill", visibility="direct", minutes=3
    )
    room.hear()
    heard = {mention.text: mention for mention in room.stored()}
    assert set(heard) == {comment.text, message.text}
    for mention in heard.values():
        room.answer(mention, "We *are* on it.")
    room.send()
    assert {public.parent for public in room.public()} == {comment, message}
    assert {public.visibility for public in room.public()} == {"public", "direct"}
    page = requests.get(f"{room.sim.base_url}/@ada/{comment.id}", timeout=5).text
    assert "We *are* on it." in page  # what readers see: the escapes of Markdown are gone


def test_without_a_key_the_feeds_are_read(enter: Callable[..., SimRoom]) -> None:
    room = enter("reddit-rss", subreddits="gadgets")
    about = room.say(
        "my tolvane box & I are at war\n\nday two", by="bo", title="Tolvane again", place="gadgets"
    )
    room.say("tolvane never answers", parent=about, minutes=4)
    room.hear()
    texts = {mention.text for mention in room.stored()}
    assert texts == {"my tolvane box & I are at war\n\nday two", "tolvane never answers"}
    assert {mention.reply_mode for mention in room.stored()} == {"link"}


def test_a_deleted_author_leaves_the_words(enter: Callable[..., SimRoom]) -> None:
    room = enter("reddit")
    said = room.say("my tolvane box is dead", title="Help")
    room.sim.world.close_account(said.account, "reddit")
    room.hear()
    assert (room.only().text, room.only().author_id) == ("my tolvane box is dead", None)


def test_a_deleted_post_cannot_be_answered(enter: Callable[..., SimRoom]) -> None:
    room = enter("reddit")
    said = room.say("my tolvane box is dead", title="Help")
    room.hear()
    room.answer(room.only())
    room.sim.world.delete(said)
    room.send()
    assert (room.replied().state, room.public()) == ("failed", [])
    assert "deleted" in (room.replied().error or "")


def test_a_page_below_what_was_deleted_is_empty(enter: Callable[..., SimRoom]) -> None:
    room = enter("reddit")
    first, last = (room.say("tolvane is down", minutes=minutes, title="Down") for minutes in (9, 3))
    bearer = {"Authorization": f"Bearer {room.sim.token}"}
    ask = f"{room.sim.base_url}/reddit/search?q=tolvane&limit=1"
    page = requests.get(ask, headers=bearer, timeout=5).json()["data"]
    assert requests.get(f"{ask}&after={page['after']}", headers=bearer, timeout=5).json()["data"]["dist"] == 1
    room.sim.world.delete(last)
    assert requests.get(f"{ask}&after={page['after']}", headers=bearer, timeout=5).json()["data"]["dist"] == 0
    assert not first.deleted


def test_429_tells_seconds_and_a_wrong_password_is_told(enter: Callable[..., SimRoom]) -> None:
    room = enter("reddit")
    room.sim.faults.set("rate_limited", seconds=77, path="/reddit/message")
    outcome = collect.poll(room.db, room.kit, room.source_id, force=True)
    assert "take a break" in (outcome.error or "") or "429" in (outcome.error or "")
    answer = requests.post(
        f"{room.sim.base_url}/reddit/api/v1/access_token",
        data={"grant_type": "password", "username": "tolvane", "password": "wrong"},
        auth=("sim-app", room.sim.token),
        timeout=5,
    )
    assert answer.json() == {"error": "invalid_grant"}
    assert float(answer.headers["x-ratelimit-remaining"]) > 0


@pytest.mark.parametrize("query", ["tolvane OR", "(tolvane", ""])
def test_a_query_that_cannot_be_read(enter: Callable[..., SimRoom], query: str) -> None:
    room = enter("reddit")
    bearer = {"Authorization": f"Bearer {room.sim.token}"}
    ask = requests.get(f"{room.sim.base_url}/reddit/search", params={"q": query}, headers=bearer, timeout=5)
    assert (ask.status_code, ask.json()["error"]) == (400, 400)
