"""Reddit without an account, with a spent quota, or answering nonsense."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from listener import collect
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from tests.listener.channels.reddit_room import TinyReddit, said
from tests.listener.channels.reddit_scene import hear, heard, keyless, listen_to, opened, source, stored
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Site


@pytest.fixture
def tiny(site: Site) -> TinyReddit:
    return TinyReddit(site)


def test_without_credentials_rss_is_read_and_answered_by_hand(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    tiny.page = 25
    wanted = {tiny.comment(f"acme is slow & sad {number}", minutes=number + 1) for number in range(60)}
    top = tiny.submit("Acme burns", "my <kitchen> too", minutes=2)
    link = tiny.submit("Acme in the news", "", minutes=3)
    source_id = keyless(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert wanted | {top, link} == set(rows)
    assert (rows[top].title, rows[top].text, rows[top].reply_mode) == (
        "Acme burns",
        "my <kitchen> too",
        "link",
    )
    assert rows[link].text == "Acme in the news"
    comment = rows[min(wanted)]
    assert (comment.text[:16], comment.extra["link_id"], comment.parent_text) == (
        "acme is slow & s",
        "t3_top",
        "Best router?",
    )
    assert hear(sqlite_db, kit, source_id).new == 0
    assert not [asked for asked in tiny.site.asked if "authorization" in asked.headers]


def test_a_wall_instead_of_rss_is_one_clear_error(sqlite_db: Database, kit: Ground, tiny: TinyReddit) -> None:
    source_id = keyless(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: Answer(
        "<html>whoa there, pardner!</html>", headers={"Content-Type": "text/html"}
    )
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert "not a feed" in (outcome.error or "")
    assert "client_id" in (outcome.hint or "")


@pytest.mark.parametrize("quota", [{"x-ratelimit-reset": "300"}, {"retry-after": "300"}])
def test_a_rate_limit_schedules_the_next_run_and_sleeps_nobody(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit, quota: dict[str, str]
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: said({"message": "Too Many Requests", "error": 429}, 429, **quota)
    began = time.monotonic()
    assert collect.poll(sqlite_db, kit, source_id, force=True).error is not None
    assert time.monotonic() - began < 40
    row = source(sqlite_db, source_id)
    assert row.not_before is not None
    assert timedelta(seconds=200) < row.not_before - now() < timedelta(seconds=450)
    assert (row.errors, collect.poll(sqlite_db, kit, source_id, force=True).skipped is not None) == (0, True)


def test_an_empty_quota_ends_the_run_instead_of_sleeping(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    tiny.comment("acme is down")
    source_id = listen_to(sqlite_db, kit, tiny)
    empty = {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "200"}
    tiny.fault = lambda asked: said({"name": "acme_help"}, **empty) if asked.path == "/api/v1/me" else None
    began = time.monotonic()
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert "take a break" in (outcome.error or "")
    assert time.monotonic() - began < 40
    assert not [asked for asked in tiny.site.asked if "search" in asked.path]
    row = source(sqlite_db, source_id)
    assert row.not_before is not None
    assert row.not_before - now() > timedelta(seconds=150)


def test_a_wrong_password_needs_attention(sqlite_db: Database, kit: Ground, tiny: TinyReddit) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.site.answer = lambda asked: said({"error": "invalid_grant"})
    for _ in range(2):
        outcome = collect.poll(sqlite_db, kit, source_id, force=True)
        assert "refuses the log-in" in (outcome.error or "")
        assert not any(
            secret in f"{outcome.error} {outcome.hint}" for secret in ("password-sesame", "secret-sesame")
        )
    assert source(sqlite_db, source_id).state == "attention"
    assert len(tiny.site.asked) == 2


def test_a_server_error_is_not_tried_again_by_itself(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)  # it knows who it is now
    tiny.site.asked.clear()
    tiny.fault = lambda asked: said({}, 503)
    assert "503" in (collect.poll(sqlite_db, kit, source_id, force=True).error or "")
    assert len(tiny.site.asked) == 2  # the token, and the first listing


@pytest.mark.parametrize(
    "body", ["<html>", "[]", '{"data": 7}', '{"data": {"children": [7, {"kind": "t1"}]}}']
)
def test_an_answer_that_makes_no_sense_is_one_clear_error_or_nothing(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit, body: str
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: Answer(body) if "search" in asked.path else None
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert outcome.error is None or "cannot be read" in outcome.error


def test_a_thing_of_an_unknown_shape_does_not_hide_the_others(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    good = tiny.comment("acme is down")
    cross = {"name": "t3_x", "crosspost_parent": "t3_y", "crosspost_parent_list": 7}
    odd = [
        7,
        {"kind": "t1"},
        {"kind": "t1", "data": [1]},
        {"kind": "t3", "data": cross},
        {"kind": "more", "data": {}},
    ]
    page = {"kind": "Listing", "data": {"children": [*odd, tiny.thing(good)], "after": None}}
    tiny.fault = lambda asked: said(page) if asked.path == "/r/gadgets/comments" else None
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    assert set(stored(sqlite_db)) == {good}
    tiny.fault = lambda asked: said(page) if asked.path == "/api/info/" else None
    assert [item.id for item in opened(tiny, kit).refresh([heard(good)])] == [good]


def test_a_listing_that_fails_does_not_keep_the_others_from_being_read(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    post = tiny.comment("acme is down")
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: said({"message": "Forbidden"}, 403) if "inbox" in asked.path else None
    assert "403" in (collect.poll(sqlite_db, kit, source_id, force=True).error or "")
    assert set(stored(sqlite_db)) == {post}
    assert source(sqlite_db, source_id).state == "active"


def test_a_stall_ends_by_our_own_time_out(sqlite_db: Database, tiny: TinyReddit) -> None:
    kit = ground()
    object.__setattr__(kit, "http", Http(allow=["127.0.0.1:*"], timeout=(2.0, 2.0)))
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: time.sleep(60)
    began = time.monotonic()
    assert "no answer in time" in (collect.poll(sqlite_db, kit, source_id, force=True).error or "")
    assert time.monotonic() - began < 40
