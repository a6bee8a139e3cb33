"""Jetstream beside the polls: everybody's posts come by, ours are kept, completed, and resumed without a gap."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from listener.db import Database
from listener.ground import Ground
from listener.streams import follow
from tests.listener.channels.bluesky_room import TinyBluesky, error, mention
from tests.listener.channels.bluesky_scene import hear, listen_to, stored
from tests.listener.streams.room import Make, is_up, process, row, spans
from tests.listener.web_room import Site
from tests.listener.wire_room import Talk, talk, until

__all__ = ["process", "talk"]
SECOND = 1_000_000


@pytest.fixture
def tiny(site: Site) -> TinyBluesky:
    return TinyBluesky(site)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_wait", lambda _errors, _error: timedelta(0))


def now_us() -> int:
    return int(time.time() * SECOND)


def event(uri: str, record: dict[str, Any] | None = None, *, at: int | None = None, **more: Any) -> str:
    did, collection, rkey = uri.removeprefix("at://").split("/")
    commit = {"rev": "3l", "operation": "create", "collection": collection, "rkey": rkey}
    commit |= {"record": record, "cid": "cid-1"} if record else {"operation": "delete"}
    return json.dumps({"did": did, "time_us": at or now_us(), "kind": "commit", "commit": commit | more})


def told(tiny: TinyBluesky, uri: str, **more: Any) -> str:
    return event(uri, tiny.view(uri)["record"], **more)


def follow_it(db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, **settings: str) -> int:
    return listen_to(db, kit, tiny, stream="true", stream_url=talk.url, **settings)


def test_it_asks_for_posts_only_and_from_now_on(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    visit = talk.visits[0]
    assert (visit.path, visit.query) == ("/subscribe", {"wantedCollections": ["app.bsky.feed.post"]})
    assert "Authorization" not in visit.headers  # a stranger's server need not know our token


def test_what_concerns_us_is_stored_at_once_and_complete(
    db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make
) -> None:
    source_id = follow_it(db, kit, tiny, talk)
    process(db)
    until(lambda: is_up(db, source_id))
    ours = tiny.publish("the acme router is dark", viewer={"replyDisabled": True})
    for number in range(40):
        talk.say(event(f"at://did:plc:p{number}/app.bsky.feed.post/x", {"text": "lovely weather"}))
    talk.say(told(tiny, ours))
    until(lambda: ours in stored(db), 3)
    mention_row = stored(db)[ours]
    assert (mention_row.engagement["likes"], mention_row.reply_mode) == (3, "link")
    assert mention_row.url == f"https://bsky.app/profile/ada.example.test/post/{ours.rpartition('/')[2]}"
    assert set(stored(db)) == {ours}
    assert len(tiny.calls("getPosts")) == 1
    assert hear(db, kit, source_id).new == 0


def test_mentions_answers_and_quotes_need_no_word_of_the_query(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk, query="nosuchword")
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    own = tiny.publish("we are here", by="acme")
    text = "hello @acme.example.test"
    uris = [
        tiny.publish(text, facets=mention(text)),
        tiny.publish("thank you", reply=tiny.answering(own)),
        tiny.publish("look", embed={"$type": "app.bsky.embed.record", "record": {"uri": own, "cid": "c"}}),
    ]
    for uri in [own, *uris, tiny.publish("unrelated")]:
        talk.say(told(tiny, uri))
    until(lambda: set(stored(sqlite_db)) == set(uris))
    until(lambda: spans(sqlite_db)[0].own == 1)


def test_a_post_that_is_not_indexed_yet_is_stored_and_completed_by_the_poll(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    tiny.fault = lambda asked: error("InternalServerError", "no", 500) if "getPosts" in asked.path else None
    uri = tiny.publish("acme is late")
    talk.say(told(tiny, uri))
    until(lambda: uri in stored(sqlite_db))
    assert stored(sqlite_db)[uri].url == f"https://bsky.app/profile/did:plc:ada/post/{uri.rpartition('/')[2]}"
    tiny.fault = None
    outcome = hear(sqlite_db, kit, source_id)
    assert (outcome.new, outcome.updated) == (0, 0)
    assert "/ada.example.test/" in (stored(sqlite_db)[uri].url or "")


def test_a_deletion_blanks_what_we_have_and_no_other_row(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    one, two = tiny.publish("acme one"), tiny.publish("acme two")
    talk.say(told(tiny, one))
    talk.say(told(tiny, two))
    until(lambda: len(stored(sqlite_db)) == 2)
    talk.say(event("at://did:plc:stranger/app.bsky.feed.post/1"))
    talk.say(event(one))
    until(lambda: stored(sqlite_db)[one].gone_at is not None)
    assert (stored(sqlite_db)[one].text, stored(sqlite_db)[two].gone_at) == ("", None)


def test_a_cut_is_resumed_a_little_before_the_last_event(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make, quick: None
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    last = now_us() - 3 * SECOND
    first = tiny.publish("acme one")
    talk.say(told(tiny, first, at=last))
    until(lambda: row(sqlite_db, source_id).cursor == {"v": 1, "at": last})
    talk.cut()
    talk.await_visits(2)
    assert talk.visits[1].query["cursor"] == [str(last - 5 * SECOND)]
    until(lambda: is_up(sqlite_db, source_id) and len(spans(sqlite_db)) == 2)
    second = tiny.publish("acme two")
    for uri in (first, second):
        talk.say(told(tiny, uri))
    until(lambda: set(stored(sqlite_db)) == {first, second})
    until(lambda: spans(sqlite_db)[1].duplicates == 1)


@pytest.mark.parametrize("away", [timedelta(hours=2), -timedelta(days=400)])
def test_a_cursor_that_is_too_old_or_in_the_future_is_dropped(
    sqlite_db: Database,
    kit: Ground,
    tiny: TinyBluesky,
    talk: Talk,
    process: Make,
    away: timedelta,
    quick: None,
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    uri = tiny.publish("acme")
    talk.say(told(tiny, uri, at=now_us() - int(away / timedelta(microseconds=1))))
    until(lambda: uri in stored(sqlite_db))
    talk.cut()
    talk.await_visits(2)
    assert "cursor" not in talk.visits[1].query


@pytest.mark.parametrize(
    "garbage",
    ["", "null", "[]", "{", '{"kind": "commit"}', '{"kind": "commit", "commit": {}, "did": 1, "time_us": "x"}',
     '{"kind": "account", "did": "did:plc:a", "time_us": 1, "account": {"active": false}}',
     '{"kind": "commit", "did": "a", "commit": {"collection": "app.bsky.feed.post", "operation": "create"}}',
     "[" * 100_000],
)  # fmt: skip
def test_garbage_is_passed_over(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make, garbage: str
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    talk.say(garbage)
    uri = tiny.publish("acme")
    talk.say(told(tiny, uri))
    until(lambda: uri in stored(sqlite_db))
    assert len(talk.visits) == 1


def test_a_refused_log_in_needs_attention(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make, quick: None
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk)
    tiny.log_in = lambda _body: error("AuthenticationRequired", "no", 401)  # type: ignore[method-assign]
    process(sqlite_db)
    until(lambda: len(tiny.calls("createSession")) >= 2 and row(sqlite_db, source_id).state == "attention")
    assert talk.visits == []


def test_it_keeps_up_with_the_network(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, talk: Talk, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny, talk, query='acme OR "no signal" OR (router AND dead*)')
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    words = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt"
    strangers = [
        event(f"at://did:plc:p/app.bsky.feed.post/{number}", {"text": f"{words} {number}", "langs": ["en"]})
        for number in range(2000)
    ]
    uri = tiny.publish("acme at the end")
    began = time.monotonic()
    for text in [*strangers, told(tiny, uri)]:
        talk.say(text)
    until(lambda: uri in stored(sqlite_db), 30)
    assert time.monotonic() - began < 20  # the network writes some 50 a second: 40 seconds' worth
    assert len(stored(sqlite_db)) == 1
