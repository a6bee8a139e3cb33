"""Listening on Mastodon, against the simulated instance: nothing lost, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from listener import accounts, collect
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Author, OwnPost, Source
from listener.simulator import Simulator
from tests.listener.channels.mastodon_room import brand_handle, hear, listen_to, publish, sim, stored

__all__ = ["sim"]


def test_sixty_posts_are_each_stored_once(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    posts = [publish(sim, f"acme is slow #{number}", minutes=number + 1) for number in range(60)]
    source_id = listen_to(sqlite_db, kit, sim)
    hear(sqlite_db, kit, source_id)
    assert {post.id for post in posts} <= set(stored(sqlite_db))
    assert hear(sqlite_db, kit, source_id).new == 0


@pytest.mark.slow
def test_a_burst_of_1200_is_caught_up_over_several_runs(sqlite_db: Database, sim: Simulator) -> None:
    from tests.listener.rooms import ground

    kit = ground(max_pages=30)
    source_id = listen_to(sqlite_db, kit, sim, mentions="false")
    hear(sqlite_db, kit, source_id)
    posts = {publish(sim, f"acme outage {number}", minutes=20 - number / 100).id for number in range(1200)}
    outcomes = [hear(sqlite_db, kit, source_id)]
    assert outcomes[0].truncated
    while outcomes[-1].truncated and len(outcomes) < 30:
        outcomes.append(hear(sqlite_db, kit, source_id))
    assert not outcomes[-1].truncated
    assert any(outcome.backfilled for outcome in outcomes)
    assert posts <= set(stored(sqlite_db))


def test_a_hashtag_is_followed_upwards_without_a_log_in(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="#acmedown", access_token="")
    first = publish(sim, "no power #AcmeDown", minutes=90)
    hear(sqlite_db, kit, source_id)
    more = {
        publish(sim, f"still no power #acmedown {number}", minutes=60 - number / 10).id
        for number in range(100)
    }
    hear(sqlite_db, kit, source_id)
    assert {first.id, *more} == set(stored(sqlite_db))
    assert next(iter(stored(sqlite_db).values())).reply_mode == "link"


def test_a_post_that_arrives_late_is_heard(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="#acmedown")
    publish(sim, "dark #acmedown", minutes=1)
    hear(sqlite_db, kit, source_id)
    late = publish(sim, "dark here too #acmedown", minutes=20)
    hear(sqlite_db, kit, source_id)
    assert late.id in stored(sqlite_db)


def test_mentions_of_our_account_are_heard_whatever_they_say(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="nosuchword")
    post = publish(sim, f"@{brand_handle(sim)} are you there?", visibility="direct")
    hear(sqlite_db, kit, source_id)
    row = stored(sqlite_db)[post.id]
    assert (row.addressed_to_us, row.visibility, row.reply_mode) == (True, "direct", "api")
    assert row.instance == sim.base_url.removeprefix("http://")
    with sqlite_db.read() as session:
        assert session.get_one(Author, row.author_id).handle == "ada"


def test_edits_are_heard_and_bump_the_revision(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    source_id = listen_to(sqlite_db, kit, sim)
    post = publish(sim, "acme is fine")
    hear(sqlite_db, kit, source_id)
    sim.world.edit(post, "acme is NOT fine")
    assert hear(sqlite_db, kit, source_id).updated == 1
    row = stored(sqlite_db)[post.id]
    assert (row.text, row.revision) == ("acme is NOT fine", 2)


def test_a_boost_counts_on_the_original(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="#acmedown")
    post = publish(sim, "dark #acmedown", minutes=9)
    boost = publish(sim, "", by="eve", boost_of=post)
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert boost.id not in rows
    assert rows[post.id].reposts == 1


def test_a_post_dated_2099_does_not_blind(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="#acmedown")
    future = publish(sim, "dark #acmedown", dated=datetime(2099, 1, 1, tzinfo=UTC))
    hear(sqlite_db, kit, source_id)
    later = publish(sim, "darker #acmedown", minutes=0)
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert rows[future.id].posted_at.year == 2099
    assert later.id in rows


def test_our_own_answer_given_on_the_platform_is_kept_apart(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim)
    post = publish(sim, "acme is down", minutes=5)
    assert sim.world.brand is not None
    answer = sim.world.publish(sim.world.brand, "@ada we are on it", parent=post)
    hear(sqlite_db, kit, source_id)
    with sqlite_db.read() as session:
        kept = session.scalars(select(OwnPost)).all()
    assert (answer.id, post.id) in [(row.external_id, row.parent_id) for row in kept]
    assert answer.id not in stored(sqlite_db)


@pytest.mark.parametrize("kind", ["duplicate_pages", "truncated", "not_json", "server_error"])
def test_after_any_fault_the_next_runs_miss_nothing(
    sqlite_db: Database, kit: Ground, sim: Simulator, kind: str
) -> None:
    source_id = listen_to(sqlite_db, kit, sim)
    posts = {publish(sim, f"acme is slow {number}", minutes=number + 1).id for number in range(90)}
    sim.faults.set(kind, times=1, path="search")
    first = collect.poll(sqlite_db, kit, source_id, force=True)
    assert (first.error is None) == (kind == "duplicate_pages")
    sim.faults.clear()
    hear(sqlite_db, kit, source_id)
    assert posts <= set(stored(sqlite_db))


def test_a_rate_limit_schedules_the_next_run_at_the_reset(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim)
    sim.faults.set("rate_limited", seconds=120)
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert outcome.error is not None
    with sqlite_db.read() as session:
        row = session.get_one(Source, source_id)
    assert row.not_before is not None
    assert timedelta(seconds=110) < row.not_before - now() < timedelta(seconds=130)
    assert row.errors == 0
    assert collect.poll(sqlite_db, kit, source_id, force=True).skipped is not None


def test_a_stall_ends_by_our_own_time_out(sqlite_db: Database, sim: Simulator) -> None:
    from listener.http import Http
    from tests.listener.rooms import ground

    kit = ground()
    object.__setattr__(kit, "http", Http(allow=["127.0.0.1:*"], timeout=(0.3, 0.3)))
    source_id = listen_to(sqlite_db, kit, sim)
    sim.faults.set("stall", seconds=2)
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert outcome.error is not None
    assert "could not be reached" in outcome.error


def test_a_dead_token_needs_attention_and_a_new_one_goes_on(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim, access_token="wrong-token")
    for _ in range(2):
        assert collect.poll(sqlite_db, kit, source_id, force=True).error is not None
    with sqlite_db.read() as session:
        row = session.get_one(Source, source_id)
        assert row.state == "attention"
        assert row.hint
        assert "wrong-token" not in f"{row.error} {row.hint}"
        account_id = row.account_id
    post = publish(sim, "acme is down")
    line = accounts.connect(sqlite_db, kit, account_id, {"access_token": sim.token})
    assert brand_handle(sim) in line
    hear(sqlite_db, kit, source_id)
    assert post.id in stored(sqlite_db)
