"""Mastodon's stream beside its polls: the simulated instance for the polls, a WebSocket that talks for the stream."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from listener.channels.mastodon import Mastodon, MastodonOptions, live
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Account, Mention
from listener.simulator import Simulator
from listener.simulator.api import shapes
from listener.simulator.model import Post
from listener.streams import follow
from tests.listener.channels.mastodon_room import hear, listen_to, person, publish, sim
from tests.listener.streams.room import Make, heard_ids, is_up, process, row, spans
from tests.listener.wire_room import Talk, talk, until

__all__ = ["process", "sim", "talk"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_wait", lambda _errors, _error: timedelta(0))


def streamed(sim: Simulator, post: Post, event: str = "update", **more: Any) -> str:
    status = shapes.status(post, sim.base_url, sim.world)
    payload: dict[str, Any] = status
    if event == "notification":
        payload = {"id": "77", "type": "mention", "account": status["account"], "status": status} | more
    return json.dumps({"stream": ["hashtag", "acme"], "event": event, "payload": json.dumps(payload)})


def follow_it(db: Database, kit: Ground, sim: Simulator, talk: Talk, **settings: str) -> int:
    return listen_to(
        db, kit, sim, **{"query": "#acmedown", "stream": "true", "stream_url": talk.url} | settings
    )


def subscriptions(talk: Talk) -> list[dict[str, str]]:
    return [json.loads(text) for text in talk.visits[-1].said]


def test_mentions_and_hashtags_are_subscribed_with_our_token(
    sqlite_db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, sim, talk, query="acme OR (acme AND broken)", tags="AcmeCares")
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id) and len(talk.visits[-1].said) == 3)
    visit = talk.visits[0]
    assert visit.path == "/api/v1/streaming"
    assert visit.headers["Authorization"] == f"Bearer {sim.token}"
    assert sim.token not in f"{visit.path}{visit.query}"
    assert subscriptions(talk) == [
        {"type": "subscribe", "stream": "user:notification"},
        {"type": "subscribe", "stream": "hashtag", "tag": "acmecares"},
        {"type": "subscribe", "stream": "hashtag", "tag": "acme"},
    ]


def test_a_post_is_heard_at_once_and_not_again_by_the_poll(
    db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make
) -> None:
    source_id = follow_it(db, kit, sim, talk)
    hear(db, kit, source_id)
    before = heard_ids(db)
    process(db)
    until(lambda: is_up(db, source_id))
    post = publish(sim, "my #acmedown router is dark")
    talk.say(streamed(sim, post))
    until(lambda: post.id in heard_ids(db), 3)
    missed = publish(sim, "mine too #acmedown")
    outcome = hear(db, kit, source_id)
    assert (outcome.new, outcome.duplicates > 0) == (1, True)
    assert heard_ids(db) == sorted([*before, post.id, missed.id])


def test_edits_deletions_mentions_and_our_own_answers(
    sqlite_db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, sim, talk)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    first, second, third = (publish(sim, f"#acmedown {number}") for number in range(3))
    told = publish(sim, "are you there?", visibility="direct")
    for post in (first, second):
        talk.say(streamed(sim, post))
    talk.say(streamed(sim, told, "notification"))
    talk.say(streamed(sim, third, "notification", type="favourite"))
    sim.world.edit(first, "#acmedown is back")
    talk.say(streamed(sim, first, "status.update"))
    talk.say(json.dumps({"stream": ["hashtag"], "event": "delete", "payload": second.id}))
    assert sim.world.brand is not None
    ours = sim.world.publish(sim.world.brand, "sorry! #acmedown", at=sim.world.clock())
    talk.say(streamed(sim, ours))

    def settled() -> bool:
        with sqlite_db.read() as session:
            rows = {one.external_id: one for one in session.scalars(select(Mention))}
        return (
            set(rows) == {first.id, second.id, told.id}
            and rows[first.id].text == "#acmedown is back"
            and rows[second.id].gone_at is not None
            and rows[told.id].addressed_to_us
        )

    until(settled)
    until(lambda: spans(sqlite_db)[0].own == 1)


@pytest.mark.parametrize(
    "garbage",
    ["", "not json", "[1, 2]", '{"event": "update", "payload": "{"}', '{"event": "update", "payload": {"id": 1}}',
     '{"event": "update", "payload": "7"}', '{"event": "filters_changed"}', '{"stream": ["user"]}', "[" * 100_000],
)  # fmt: skip
def test_garbage_is_passed_over(
    sqlite_db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make, garbage: str
) -> None:
    source_id = follow_it(sqlite_db, kit, sim, talk)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    talk.say(garbage)
    post = publish(sim, "#acmedown")
    talk.say(streamed(sim, post))
    until(lambda: post.id in heard_ids(sqlite_db))
    assert len(talk.visits) == 1


def test_a_connection_that_is_cut_in_the_middle_of_a_post_comes_back(
    sqlite_db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make, quick: None
) -> None:
    source_id = follow_it(sqlite_db, kit, sim, talk)
    hear(sqlite_db, kit, source_id)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    lost = publish(sim, "#acmedown lost on the way")
    frame = streamed(sim, lost).encode()
    talk.raw(b"\x81\x7e" + len(frame).to_bytes(2, "big") + frame[: len(frame) // 2])
    talk.cut()
    talk.await_visits(2)
    until(lambda: is_up(sqlite_db, source_id) and len(spans(sqlite_db)) == 2)
    assert lost.id not in heard_ids(sqlite_db)
    assert "connection broke" in (spans(sqlite_db)[0].error or "")
    assert hear(sqlite_db, kit, source_id).new == 1  # the safety net
    assert lost.id in heard_ids(sqlite_db)


@pytest.mark.parametrize(
    ("refusal", "visits", "state"),
    [((401, {}, b'{"error":"The access token is invalid"}'), 2, "attention"),
     ((403, {}, b'{"error":"no"}'), 2, "attention"),
     ((429, {"Retry-After": "600"}, b""), 1, "down")],
)  # fmt: skip
def test_refusals_are_not_hammered(
    sqlite_db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make, monkeypatch: pytest.MonkeyPatch,
    refusal: tuple[int, dict[str, str], bytes], visits: int, state: str,
) -> None:  # fmt: skip
    wait = follow._wait
    monkeypatch.setattr(
        follow,
        "_wait",
        lambda errors, error: wait(errors, error) if error.retry_after else timedelta(0),
    )
    talk.refuse = refusal
    source_id = follow_it(sqlite_db, kit, sim, talk)
    process(sqlite_db)
    until(lambda: len(talk.visits) >= visits)
    until(lambda: row(sqlite_db, source_id).holder is None and row(sqlite_db, source_id).state == state)
    import time

    time.sleep(0.5)
    assert len(talk.visits) == visits
    found = row(sqlite_db, source_id)
    assert found.error is not None
    assert str(refusal[0]) in found.error
    assert found.hint
    if state == "down":
        assert found.next_at > now() + timedelta(minutes=9)


def test_a_subscription_that_is_refused_says_so(
    sqlite_db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, sim, talk)
    talk.answer = lambda _said: '{"error": "Unknown stream type", "status": 400}'
    process(sqlite_db)
    until(lambda: "Unknown stream type" in (row(sqlite_db, source_id).error or "") if talk.visits else False)


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"access_token": "", "query": "#acmedown"}, "no access_token"),
     ({"mentions": "false", "query": "#1"}, "nothing to stream")],
)  # fmt: skip
def test_what_cannot_be_streamed_says_why(
    sqlite_db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make, quick: None,
    settings: dict[str, str], says: str,
) -> None:  # fmt: skip
    query = settings.pop("query")
    source_id = listen_to(sqlite_db, kit, sim, query=query, stream="true", stream_url=talk.url, **settings)
    process(sqlite_db)

    def attention() -> bool:
        with sqlite_db.read() as session:
            from listener.streams.models import Stream

            found = session.get(Stream, source_id)
            return found is not None and found.state == "attention"

    until(attention)
    assert says in (row(sqlite_db, source_id).error or "")
    assert talk.visits == []


def place(kit: Ground, known: dict[str, Any], **options: str) -> str:
    channel = Mastodon(
        MastodonOptions.model_validate({"base_url": "https://social.example.test"} | options), kit.http
    )
    channel.known = known
    return live.address(channel)


def test_where_an_instance_streams(kit: Ground, sim: Simulator) -> None:
    assert place(kit, {"stream_url": "wss://streaming.example.test/"}) == "wss://streaming.example.test"
    assert place(kit, {"stream_url": "https://streaming.example.test"}) == "wss://streaming.example.test"
    assert place(kit, {"stream_url": ""}) == "wss://social.example.test"
    assert place(kit, {}, stream_url="http://127.0.0.1:9") == "ws://127.0.0.1:9"
    channel = Mastodon(MastodonOptions(base_url=sim.base_url), kit.http)
    assert live.address(channel) == sim.base_url.replace("http", "ws")


def test_what_we_learn_is_kept_with_the_account(
    sqlite_db: Database, kit: Ground, sim: Simulator, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, sim, talk)
    person(sim)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    with sqlite_db.read() as session:
        assert session.scalars(select(Account)).one().handle
