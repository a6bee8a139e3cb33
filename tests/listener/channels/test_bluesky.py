"""Listening on Bluesky: every post once, one session for many runs, faults that hide nothing."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from listener import collect
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from listener.models import Account, Author, OwnPost
from tests.listener.channels.bluesky_room import US, TinyBluesky, error, mention, said
from tests.listener.channels.bluesky_scene import hear, listen_to, opened, source, stored
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Site


@pytest.fixture
def tiny(site: Site) -> TinyBluesky:
    return TinyBluesky(site)


@pytest.mark.parametrize("shuffle", [False, True])
def test_sixty_posts_in_pages_of_ten_are_each_stored_once(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, shuffle: bool
) -> None:
    tiny.page, tiny.shuffle = 10, shuffle
    posts = {tiny.publish(f"acme is slow {number}", minutes=number + 20) for number in range(60)}
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    assert posts == set(stored(sqlite_db))
    assert hear(sqlite_db, kit, source_id).new == 0


def test_a_burst_of_1200_is_caught_up_over_several_runs(sqlite_db: Database, tiny: TinyBluesky) -> None:
    kit = ground(max_pages=9)
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    posts = {tiny.publish(f"acme outage {number}", minutes=20 - number / 100) for number in range(1200)}
    outcomes = [hear(sqlite_db, kit, source_id)]
    assert outcomes[0].truncated
    while outcomes[-1].truncated and len(outcomes) < 20:
        outcomes.append(hear(sqlite_db, kit, source_id))
    assert any(outcome.backfilled for outcome in outcomes)
    assert posts == set(stored(sqlite_db))


def test_a_cursor_that_loops_or_is_forgotten_loses_nothing(sqlite_db: Database, tiny: TinyBluesky) -> None:
    kit = ground(max_pages=9)
    tiny.page, tiny.loop = 10, True
    posts = {tiny.publish(f"acme is slow {number}", minutes=number + 1) for number in range(60)}
    source_id = listen_to(sqlite_db, kit, tiny)
    assert hear(sqlite_db, kit, source_id).truncated
    assert len(tiny.site.asked) < 15
    tiny.loop = False
    assert hear(sqlite_db, kit, source_id).truncated
    place = source(sqlite_db, source_id).cursor["streams"]["search:acme"]["next"]  # type: ignore[index]

    def forget(asked: Any) -> Any:
        return error("InvalidRequest", "bad cursor") if asked.query.get("cursor") == place else None

    tiny.fault = forget
    tiny.page = 100
    hear(sqlite_db, kit, source_id)
    assert posts == set(stored(sqlite_db))


def test_an_empty_page_in_the_middle_is_not_the_end(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    tiny.page = 10
    posts = {tiny.publish(f"acme is slow {number}", minutes=number + 1) for number in range(30)}

    def hollow(asked: Any) -> Any:
        if asked.path.endswith("searchPosts") and asked.query.get("cursor") == "10":
            return said({"posts": [], "cursor": "10.5"})
        if asked.query.get("cursor") == "10.5":
            asked.query["cursor"] = "10"
        return None

    tiny.fault = hollow
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    assert posts == set(stored(sqlite_db))


def test_a_post_dated_2099_or_2001_does_not_blind(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    future = tiny.publish("acme is down", dated="2099-01-01T00:00:00Z")
    past = tiny.publish("acme was down", dated="2001-01-01T00:00:00.000Z")
    hear(sqlite_db, kit, source_id)
    later = tiny.publish("acme is still down", minutes=0)
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert {future, past, later} <= set(rows)
    assert rows[future].posted_at.year == 2099


def test_mentions_answers_and_quotes_are_heard_whatever_they_say(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    text = "👩‍👩‍👧 שלום @acme.example.test are you there?"
    called = tiny.publish(text, facets=mention(text))
    own = tiny.publish("we are open", by="acme", minutes=30)
    answer = tiny.publish("no you are not, acme", reply=tiny.answering(own))
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny, query="acme"))
    rows = stored(sqlite_db)
    assert (rows[called].text, rows[called].addressed_to_us, rows[called].reply_mode) == (text, True, "api")
    assert (rows[answer].addressed_to_us, rows[answer].parent_id, rows[answer].thread_id) == (True, own, own)
    assert rows[called].url == f"https://bsky.app/profile/ada.example.test/post/{called.rpartition('/')[2]}"
    assert rows[called].reposts == 2
    with sqlite_db.read() as session:
        assert session.get_one(Author, rows[called].author_id).handle == "ada.example.test"


def test_our_own_answer_given_on_bluesky_is_kept_apart(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    post = tiny.publish("acme is down", minutes=9)
    answer = tiny.publish("we are on it", by="acme", reply=tiny.answering(post))
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    assert answer not in stored(sqlite_db)
    with sqlite_db.read() as session:
        assert [(row.external_id, row.parent_id) for row in session.scalars(select(OwnPost))] == [
            (answer, post)
        ]


def test_an_account_that_never_posted_has_no_own_posts_and_no_trouble(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    heard = tiny.publish("acme is down", minutes=9)
    tiny.fault = lambda asked: (
        error("InvalidRequest", "Profile not found") if asked.path.endswith("getAuthorFeed") else None
    )
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    assert set(stored(sqlite_db)) == {heard}
    tiny.fault = lambda asked: (
        error("InvalidRequest", "Something else") if asked.path.endswith("getAuthorFeed") else None
    )
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert outcome.error is not None
    assert "own posts" in outcome.error


def test_it_logs_in_once_and_then_lives_on_its_session(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    from listener import tokens

    source_id = listen_to(sqlite_db, kit, tiny)
    for _ in range(3):
        hear(sqlite_db, kit, source_id)
    assert (tiny.log_ins, tiny.refreshes) == (1, 0)
    with tokens._lock:  # another process, or the token's end
        tokens._kept.clear()
    hear(sqlite_db, kit, source_id)
    assert (tiny.log_ins, tiny.refreshes) == (1, 1)
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert account.secrets is not None
    assert kit.vault.unseal(account.secrets)["session"] == "refresh-sesame"
    assert "sesame" not in f"{account.secrets} {account.options} {account.identity} {account.limits}"


def test_a_token_that_ended_early_is_renewed_in_between(kit: Ground, tiny: TinyBluesky) -> None:
    channel = opened(tiny, kit)
    ended = iter([error("ExpiredToken", "Token has expired")])
    tiny.fault = lambda asked: next(ended, None)
    channel.known.clear()
    channel.learn()
    assert (channel.did, tiny.log_ins) == (US, 2)


def test_a_session_that_was_revoked_falls_back_to_the_password(kit: Ground, tiny: TinyBluesky) -> None:
    assert opened(tiny, kit, session="revoked-sesame").did == US
    assert (tiny.refreshes, tiny.log_ins) == (1, 1)


def test_a_wrong_password_needs_attention_and_is_not_hammered(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny, app_password="wrong-sesame")
    for _ in range(2):
        outcome = collect.poll(sqlite_db, kit, source_id, force=True)
        assert "Invalid identifier or password" in (outcome.error or "")
        assert "app password" in (outcome.hint or "")
        assert "wrong-sesame" not in f"{outcome.error} {outcome.hint}"
    assert source(sqlite_db, source_id).state == "attention"
    assert len(tiny.site.asked) == 2


@pytest.mark.parametrize(("headers", "least"), [({"ratelimit-reset": "300"}, 200), ({}, 200)])
def test_a_rate_limit_schedules_the_next_run_and_sleeps_nobody(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, headers: dict[str, str], least: int
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: error("RateLimitExceeded", "Rate Limit Exceeded", 429, **headers)
    began = time.monotonic()
    assert collect.poll(sqlite_db, kit, source_id, force=True).error is not None
    assert time.monotonic() - began < 40
    row = source(sqlite_db, source_id)
    assert row.not_before is not None
    assert timedelta(seconds=least) < row.not_before - now() < timedelta(seconds=400)
    assert collect.poll(sqlite_db, kit, source_id, force=True).skipped is not None


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"posts": [7, {"uri": "at://x"}]}', '{"po'])
def test_an_answer_that_makes_no_sense_is_one_clear_error_or_nothing(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky, body: str
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: Answer(body) if "searchPosts" in asked.path else None
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert outcome.error is None or "cannot be read" in outcome.error


def test_a_stall_ends_by_our_own_time_out(sqlite_db: Database, tiny: TinyBluesky) -> None:
    kit = ground()
    object.__setattr__(kit, "http", Http(allow=["127.0.0.1:*"], timeout=(2.0, 2.0)))
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.fault = lambda asked: time.sleep(60)
    began = time.monotonic()
    assert "no answer in time" in (collect.poll(sqlite_db, kit, source_id, force=True).error or "")
    assert time.monotonic() - began < 40
