"""Listening on X: every post once, within the budget, edits and reposts on their original."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from listener import brands, budget, collect, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Author, OwnPost, Reading, Source
from tests.listener.channels.x_room import TinyX, said
from tests.listener.channels.x_scene import BEARER, hear, listen_to, source, stored
from tests.listener.rooms import ground
from tests.listener.web_room import Site


@pytest.fixture
def tiny(site: Site) -> TinyX:
    return TinyX(site)


@pytest.mark.parametrize("shuffle", [False, True])
def test_sixty_posts_in_pages_of_ten_are_each_stored_once(
    sqlite_db: Database, kit: Ground, tiny: TinyX, shuffle: bool
) -> None:
    tiny.page, tiny.shuffle = 10, shuffle
    posts = {tiny.publish(f"acme is slow {number}", minutes=number + 20) for number in range(60)}
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    assert posts == set(stored(sqlite_db))
    assert hear(sqlite_db, kit, source_id).new == 0


def test_a_poll_asks_only_above_what_was_read(sqlite_db: Database, kit: Ground, tiny: TinyX) -> None:
    tiny.publish("acme is slow", minutes=60)
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    tiny.site.asked.clear()
    late = tiny.publish("acme is slow here too", minutes=65)
    fresh = tiny.publish("acme is still slow", minutes=1)
    hear(sqlite_db, kit, source_id)
    assert {late, fresh} <= set(stored(sqlite_db))
    searches = tiny.asked("search/recent")
    assert all("since_id" in asked.query or "from:" in asked.query["query"] for asked in searches)


def test_a_burst_of_1200_is_caught_up_over_several_runs(sqlite_db: Database, tiny: TinyX) -> None:
    kit = ground(max_pages=9)
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    posts = {tiny.publish(f"acme outage {number}", minutes=20 - number / 100) for number in range(1200)}
    outcomes = [hear(sqlite_db, kit, source_id)]
    assert outcomes[0].truncated
    while outcomes[-1].truncated and len(outcomes) < 20:
        outcomes.append(hear(sqlite_db, kit, source_id))
    assert not outcomes[-1].truncated
    assert any(outcome.backfilled for outcome in outcomes)
    assert posts == set(stored(sqlite_db))


def test_a_token_that_loops_ends_and_the_next_run_reads_on(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    tiny.page, tiny.loop = 10, True
    posts = {tiny.publish(f"acme is slow {number}", minutes=number + 1) for number in range(60)}
    source_id = listen_to(sqlite_db, kit, tiny)
    began = time.monotonic()
    assert hear(sqlite_db, kit, source_id).truncated
    assert time.monotonic() - began < 40
    assert len(tiny.site.asked) < 12
    tiny.loop = False
    hear(sqlite_db, kit, source_id)
    assert posts == set(stored(sqlite_db))


def test_an_empty_page_in_the_middle_is_not_the_end(sqlite_db: Database, kit: Ground, tiny: TinyX) -> None:
    tiny.page = 10
    posts = {tiny.publish(f"acme is slow {number}", minutes=number + 1) for number in range(30)}

    def hollow(asked: Any) -> Any:
        if asked.query.get("next_token") == "t10":
            return said({"meta": {"result_count": 0, "next_token": "t11"}})
        if asked.query.get("next_token") == "t11":
            asked.query["next_token"] = "t10"
        return None

    tiny.fault = hollow
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    assert posts == set(stored(sqlite_db))


def test_a_post_dated_2099_does_not_blind(sqlite_db: Database, kit: Ground, tiny: TinyX) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    future = tiny.publish("acme is down", dated=datetime(2099, 1, 1, tzinfo=UTC))
    hear(sqlite_db, kit, source_id)
    later = tiny.publish("acme is still down", minutes=0)
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert rows[future].posted_at.year == 2099
    assert later in rows


def test_after_a_pause_of_weeks_it_asks_for_the_last_seven_days(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    old = tiny.publish("acme is slow", minutes=60)
    hear(sqlite_db, kit, source_id)
    with sqlite_db.work() as session:
        row = session.get_one(Source, source_id)
        month = int(old) - (30 * 86_400_000 << 22)
        row.cursor = {**row.cursor, "streams": {name: {"floor": month} for name in row.cursor["streams"]}}
    tiny.site.asked.clear()
    fresh = tiny.publish("acme is slow again", minutes=60 * 24 * 5)
    hear(sqlite_db, kit, source_id)
    assert fresh in stored(sqlite_db)
    assert all("since_id" not in asked.query for asked in tiny.asked("search/recent"))


def test_mentions_may_be_answered_and_found_posts_only_by_hand(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    mention = tiny.publish("@acme my router is dead")
    about = tiny.publish("acme is the worst")
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny, query="acme"))
    rows = stored(sqlite_db)
    assert (rows[mention].reply_mode, rows[mention].addressed_to_us) == ("api", True)
    assert (rows[about].reply_mode, rows[about].addressed_to_us) == ("link", False)
    assert "@mention" in (rows[about].reply_reason or "")
    assert rows[about].url == f"https://x.com/ada/status/{about}"
    assert rows[about].reposts == 2
    with sqlite_db.read() as session:
        author = session.get_one(Author, rows[about].author_id)
        assert (author.handle, author.followers) == ("ada", 12)


def test_a_bearer_token_reads_and_says_that_it_cannot_reply(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    settings = {"base_url": tiny.site.url, "username": "@Acme"} | BEARER
    source_id = sources.add(sqlite_db, kit, "x", name="x", brand="Acme", settings=settings)
    mention = tiny.publish("@acme my router is dead")
    hear(sqlite_db, kit, source_id)
    assert stored(sqlite_db)[mention].reply_mode == "link"
    assert {asked.headers["authorization"] for asked in tiny.site.asked} == {"Bearer bearer-sesame"}


def test_a_repost_counts_on_the_original(sqlite_db: Database, kit: Ground, tiny: TinyX) -> None:
    source_id = listen_to(sqlite_db, kit, tiny, reposts="true")
    post = tiny.publish("acme is down for all of us", minutes=30, public_metrics={})
    hear(sqlite_db, kit, source_id)
    echo = tiny.publish(
        "RT @ada: acme is down for all…", minutes=20, by="eve",
        referenced_tweets=[{"type": "retweeted", "id": post}],
    )  # fmt: skip
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert echo not in rows
    assert rows[post].reposts == 1


def test_an_edit_is_the_same_mention_with_new_words(sqlite_db: Database, kit: Ground, tiny: TinyX) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    first = tiny.publish("@acme is fine", minutes=9)
    hear(sqlite_db, kit, source_id)
    second = tiny.publish(
        "@acme is NOT fine",
        minutes=5,
    )
    for number in (first, second):
        tiny.tweets[int(number)]["edit_history_tweet_ids"] = [first, second]
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert set(rows) == {first}
    assert (rows[first].text, rows[first].revision) == ("@acme is NOT fine", 2)
    assert rows[first].extra["latest"] == second
    assert rows[first].edited_at is not None


def test_our_own_answer_given_on_x_is_kept_apart(sqlite_db: Database, kit: Ground, tiny: TinyX) -> None:
    post = tiny.publish("@acme is down", minutes=9)
    answer = tiny.publish(
        "@ada we are on it", minutes=5, by="acme", conversation_id=post,
        referenced_tweets=[{"type": "replied_to", "id": post}],
    )  # fmt: skip
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    assert answer not in stored(sqlite_db)
    with sqlite_db.read() as session:
        assert [(row.external_id, row.parent_id) for row in session.scalars(select(OwnPost))] == [
            (answer, post)
        ]


def test_a_days_reads_are_kept_within_the_budget(sqlite_db: Database, kit: Ground, tiny: TinyX) -> None:
    source_id = listen_to(sqlite_db, kit, tiny, reads_per_day="25", mentions="false")
    for number in range(60):
        tiny.publish(f"acme is slow {number}", minutes=number + 1)
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert "budget of 25 reads" in (outcome.error or "")
    assert len(stored(sqlite_db)) == 25
    row = source(sqlite_db, source_id)
    with sqlite_db.read() as session:
        today = budget.of(session, row, at=now())
    assert (today.per_day, today.used, today.left) == (25, 25, 0)
    assert row.not_before is not None
    assert (row.not_before - now()) < timedelta(hours=24, seconds=10)
    assert row.state == "active"
    with sqlite_db.work() as session:  # midnight passes
        session.get_one(Source, source_id).not_before = None
        session.execute(update(Reading).values(day=date(2020, 1, 1)))
    collect.poll(sqlite_db, kit, source_id, force=True)
    assert len(stored(sqlite_db)) == 50
