"""X's filtered stream when it is refused, cut, ended or silent: nothing is hammered, nothing is lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from listener.db import Database, now
from listener.ground import Ground
from tests.listener.channels.x_scene import hear, stored
from tests.listener.channels.x_stream_room import BUSY, Streaming, follow_it, lined, quick, values, x
from tests.listener.streams.room import Make, is_up, process, row, spans
from tests.listener.wire_room import until

__all__ = ["lined", "process", "quick", "x"]


def test_a_second_stream_of_the_app_waits_and_leaves_no_rules(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make, quick: None
) -> None:
    x.lined.refuse = BUSY
    x.rules = {"1": ("somebody else", "allears:7-7")}
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: len(x.lined.visits) == 1 and row(sqlite_db, source_id).error is not None)
    found = row(sqlite_db, source_id)
    assert timedelta(seconds=50) < found.next_at - now() < timedelta(seconds=70)  # not X's 15 minutes
    assert found.state == "down"
    assert "one stream" in (found.hint or "")
    assert values(x) == ["somebody else"]


@pytest.mark.parametrize(
    ("refusal", "visits", "state"),
    [((401, {}, b'{"title": "Unauthorized"}'), 2, "attention"),
     ((402, {}, b'{"title": "CreditsDepleted"}'), 2, "attention"),
     ((403, {}, b'{"title": "Forbidden", "detail": "client-not-enrolled"}'), 2, "attention"),
     ((429, {}, b'{"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped"}'), 2,
      "attention"),
     ((429, {"x-rate-limit-reset": "0"}, b"{}"), 1, "down")],
)  # fmt: skip
def test_refusals_are_not_hammered(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make, quick: None,
    refusal: tuple[int, dict[str, str], bytes], visits: int, state: str,
) -> None:  # fmt: skip
    import time

    status, headers, body = refusal
    if "x-rate-limit-reset" in headers:
        headers = {"x-rate-limit-reset": str(int(time.time()) + 600)}
    x.lined.refuse = (status, {"Content-Type": "application/json"} | headers, body)
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: len(x.lined.visits) >= visits)
    until(lambda: row(sqlite_db, source_id).holder is None and row(sqlite_db, source_id).state == state)
    time.sleep(0.4)
    assert len(x.lined.visits) == visits
    assert row(sqlite_db, source_id).hint


def test_a_cut_in_the_middle_of_a_post_and_a_line_of_garbage(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make, quick: None
) -> None:
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    for garbage in ("not json", "[]", '{"data": {"id": 7}}', '{"data": []}', "{}", ""):
        x.lined.say(garbage)
    first, second = x.tiny.publish("acme one"), x.tiny.publish("acme two")
    x.say(first, x.named("lawn"))
    until(lambda: first in stored(sqlite_db))
    assert len(x.lined.visits) == 1
    x.lined.raw(b'40\r\n{"data": {"id": "7", "te')
    x.lined.cut()
    x.lined.await_visits(2)
    until(lambda: is_up(sqlite_db, source_id) and len(spans(sqlite_db)) == 2)
    assert len(x.calls) == 1  # the rules were there already
    assert second not in stored(sqlite_db)
    hear(sqlite_db, kit, source_id)  # the safety net
    assert second in stored(sqlite_db)


def test_when_x_ends_it_itself_we_come_back(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make, quick: None
) -> None:
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    x.lined.say(json.dumps({"errors": [{
        "title": "operational-disconnect", "disconnect_type": "UpstreamOperationalDisconnect",
        "detail": "This stream has been disconnected for operational reasons.",
    }]}))  # fmt: skip
    x.lined.await_visits(2)
    assert "operational reasons" in (spans(sqlite_db)[0].error or "")
    until(lambda: is_up(sqlite_db, source_id))


@pytest.mark.parametrize(
    ("settings", "says"), [({"bearer_token": ""}, "no bearer_token"), ({}, "does not take 1 of the rules")]
)
def test_what_cannot_be_streamed_says_why(
    sqlite_db: Database,
    kit: Ground,
    x: Streaming,
    process: Make,
    quick: None,
    settings: dict[str, str],
    says: str,
) -> None:
    x.refused = "lawn"
    source_id = follow_it(sqlite_db, kit, x, **settings)
    process(sqlite_db)
    until(
        lambda: (
            bool(spans(sqlite_db))
            or (is_claimed(sqlite_db) and row(sqlite_db, source_id).state == "attention")
        )
    )
    assert says in (row(sqlite_db, source_id).error or "")
    assert x.lined.visits == []


def is_claimed(db: Database) -> bool:
    from listener.streams.models import Stream

    with db.read() as session:
        return session.query(Stream).count() == 1


def test_silence_is_noticed(
    sqlite_db: Database,
    kit: Ground,
    x: Streaming,
    process: Make,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from listener.channels.x import live

    monkeypatch.setattr(live, "SILENCE", 0.5)
    follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    x.lined.await_visits(2)
    assert "nothing came for 0.5 s" in (spans(sqlite_db)[0].error or "")
