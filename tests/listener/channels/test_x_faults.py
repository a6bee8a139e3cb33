"""What X refuses or garbles: when to come back, who must act, and that one bad answer hides nothing else."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from listener import collect
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from tests.listener.channels.x_room import TinyX, said, stalling
from tests.listener.channels.x_scene import hear, heard, listen_to, opened, source, stored
from tests.listener.rooms import ground
from tests.listener.web_room import Site


@pytest.fixture
def tiny(site: Site) -> TinyX:
    return TinyX(site)


def test_a_rate_limit_schedules_the_next_run_at_the_reset(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    reset = str(int(time.time()) + 300)
    tiny.fault = lambda asked: said(
        {"title": "Too Many Requests", "status": 429}, 429, **{"x-rate-limit-reset": reset}
    )
    began = time.monotonic()
    assert collect.poll(sqlite_db, kit, source_id, force=True).error is not None
    assert time.monotonic() - began < 40
    row = source(sqlite_db, source_id)
    assert row.not_before is not None
    assert timedelta(seconds=200) < row.not_before - now() < timedelta(seconds=400)
    assert collect.poll(sqlite_db, kit, source_id, force=True).skipped is not None
    assert len(tiny.site.asked) == 1


def test_a_429_without_a_reset_waits_for_the_window(sqlite_db: Database, kit: Ground, tiny: TinyX) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: said({"title": "Too Many Requests"}, 429)
    collect.poll(sqlite_db, kit, source_id, force=True)
    row = source(sqlite_db, source_id)
    assert row.not_before is not None
    assert row.not_before - now() > timedelta(minutes=12)
    assert len(tiny.site.asked) == 1


CAPPED = {
    "title": "UsageCapExceeded", "period": "Monthly", "scope": "Product",
    "detail": "Usage cap exceeded: Monthly product cap", "type": "https://api.twitter.com/2/problems/usage-capped",
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (429, CAPPED, "monthly cap"),
        (402, {"title": "CreditsDepleted", "detail": "No credits left"}, "credits"),
        (401, {"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}, "401"),
        (403, {"title": "Client Forbidden", "detail": "client-not-enrolled"}, "refuses this account"),
    ],
)
def test_what_only_a_person_can_mend_needs_attention_and_is_not_hammered(
    sqlite_db: Database, kit: Ground, tiny: TinyX, status: int, body: dict[str, Any], words: str
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: said(body, status, **{"x-rate-limit-remaining": "39999"})
    for _ in range(2):
        outcome = collect.poll(sqlite_db, kit, source_id, force=True)
        assert words in f"{outcome.error} {outcome.hint}"
    row = source(sqlite_db, source_id)
    assert (row.state, bool(row.hint)) == ("attention", True)
    assert collect.poll(sqlite_db, kit, source_id).skipped is not None
    assert len(tiny.site.asked) == 2


@pytest.mark.parametrize(
    "body", ["<html>oops</html>", "[]", '{"data": "no list"}', '{"data": [{"id": "x"}, 7]}', '{"da']
)
def test_an_answer_that_makes_no_sense_is_one_clear_error_or_nothing(
    sqlite_db: Database, kit: Ground, tiny: TinyX, body: str
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    posts = {tiny.publish(f"acme is slow {number}") for number in range(3)}
    from tests.listener.web_room import Answer

    tiny.fault = lambda asked: Answer(body) if "search" in asked.path else None
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert outcome.error is None or "cannot be read" in outcome.error
    if outcome.error:
        tiny.fault = None
        hear(sqlite_db, kit, source_id)
        assert posts == set(stored(sqlite_db))


def test_a_post_of_an_unknown_shape_does_not_hide_the_others(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    before, after = tiny.publish("acme is down", minutes=3), tiny.publish("acme is up", minutes=1)
    odd = [
        tiny.publish("acme is odd", minutes=2, public_metrics=["x"]),
        tiny.publish("acme", minutes=2, lang=["x"]),
    ]
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    assert {before, after} <= set(stored(sqlite_db))
    assert odd[0] not in stored(sqlite_db)
    assert not hear(sqlite_db, kit, source_id).truncated
    found = {item.id for item in opened(tiny, kit).refresh([heard(before), heard(odd[0])])}
    assert found == {before}


def test_a_query_that_x_refuses_does_not_hide_the_mentions(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    mention = tiny.publish("@acme help")
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: (
        said({"title": "Invalid Request", "detail": "Rules must contain a non-stopword clause"}, 400)
        if "search" in asked.path and "from:acme" not in asked.query["query"].split(" ")[0]
        else None
    )
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert "non-stopword" in (outcome.error or "")
    assert set(stored(sqlite_db)) == {mention}


def test_a_stall_ends_by_our_own_time_out(sqlite_db: Database, tiny: TinyX) -> None:
    kit = ground()
    object.__setattr__(kit, "http", Http(allow=["127.0.0.1:*"], timeout=(2.0, 2.0)))
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = stalling(60)
    began = time.monotonic()
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert "no answer in time" in (outcome.error or "")
    assert time.monotonic() - began < 40
