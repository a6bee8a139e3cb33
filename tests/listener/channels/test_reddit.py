"""Listening on Reddit: every comment once, late ones too, crossposts and edits on their original."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from listener.channels.base import Gone, Post
from listener.db import Database
from listener.ground import Ground
from listener.models import Author, OwnPost
from tests.listener.channels.reddit_room import TinyReddit, said
from tests.listener.channels.reddit_scene import hear, heard, listen_to, opened, source, stored
from tests.listener.rooms import ground
from tests.listener.web_room import Site


@pytest.fixture
def tiny(site: Site) -> TinyReddit:
    return TinyReddit(site)


@pytest.mark.parametrize("shuffle", [False, True])
def test_sixty_comments_in_pages_of_ten_are_each_stored_once(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit, shuffle: bool
) -> None:
    tiny.page, tiny.shuffle = 10, shuffle
    wanted = {tiny.comment(f"acme is slow {number}", minutes=number + 20) for number in range(60)}
    tiny.comment("my cat is slow")
    wanted.add(tiny.submit("Acme?", "is it down", minutes=3))
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    assert wanted == set(stored(sqlite_db))
    assert hear(sqlite_db, kit, source_id).new == 0


def test_of_a_large_thread_only_what_is_about_us_is_kept(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    complaint = tiny.comment("my acme router died", minutes=9)
    answer = tiny.comment("mine too", minutes=8, parent=complaint)
    tiny.comment("which cat food is best?", minutes=7)
    about_us = {"link_id": "t3_acme", "link_title": "Acme is down", "parent": "t3_acme"}
    below = {tiny.comment("same here", **about_us), tiny.comment("no lights at all, acme", **about_us)}
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    rows = stored(sqlite_db)
    assert set(rows) == {complaint, answer, *below}
    assert rows[answer].thread_id == rows[complaint].thread_id == complaint
    assert {rows[name].thread_id for name in below} == {"t3_acme"}


def test_a_burst_is_caught_up_over_several_runs(sqlite_db: Database, tiny: TinyReddit) -> None:
    kit = ground(max_pages=15)
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    posts = {tiny.comment(f"acme outage {number}", minutes=20 - number / 60) for number in range(900)}
    outcomes = [hear(sqlite_db, kit, source_id)]
    assert outcomes[0].truncated
    while outcomes[-1].truncated and len(outcomes) < 20:
        outcomes.append(hear(sqlite_db, kit, source_id))
    assert any(outcome.backfilled for outcome in outcomes)
    assert posts == set(stored(sqlite_db))


def test_more_than_reddit_shows_is_noted_as_missed(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    tiny.deep = 300
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.comment("acme is slow", minutes=300)
    hear(sqlite_db, kit, source_id)
    for number in range(400):
        tiny.comment(f"acme outage {number}", minutes=200 - number / 10)
    assert hear(sqlite_db, kit, source_id).truncated
    assert not hear(sqlite_db, kit, source_id).truncated


def test_an_unfinished_walk_whose_place_was_deleted_begins_again(
    sqlite_db: Database, tiny: TinyReddit
) -> None:
    kit = ground(max_pages=10)
    tiny.page = 10
    posts = {tiny.comment(f"acme is slow {number}", minutes=number + 1) for number in range(30)}
    source_id = listen_to(sqlite_db, kit, tiny)
    assert hear(sqlite_db, kit, source_id).truncated
    place = source(sqlite_db, source_id).cursor["streams"]["comments:gadgets"]["next"]  # type: ignore[index]
    tiny.things.remove(tiny.thing(place))
    for _ in range(3):
        hear(sqlite_db, kit, source_id)
    assert posts == set(stored(sqlite_db)) | {place}


def test_a_listing_that_loops_ends_and_the_next_run_reads_on(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    tiny.page, tiny.loop = 10, True
    posts = {tiny.comment(f"acme is slow {number}", minutes=number + 1) for number in range(40)}
    source_id = listen_to(sqlite_db, kit, tiny)
    assert hear(sqlite_db, kit, source_id).truncated
    assert len(tiny.site.asked) < 20
    tiny.loop = False
    hear(sqlite_db, kit, source_id)
    assert posts == set(stored(sqlite_db))


def test_an_empty_page_in_the_middle_is_not_the_end(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    tiny.page = 10
    posts = [tiny.comment(f"acme is slow {number}", minutes=60 - number) for number in range(30)]

    def hollow(asked: Any) -> Any:
        if asked.query.get("after") == posts[-10]:
            return said({"kind": "Listing", "data": {"children": [], "after": "t1_hollow"}})
        if asked.query.get("after") == "t1_hollow":
            asked.query["after"] = posts[-10]
        return None

    tiny.fault = hollow
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    assert set(posts) == set(stored(sqlite_db))


def test_a_post_dated_2099_does_not_blind(sqlite_db: Database, kit: Ground, tiny: TinyReddit) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    future = tiny.comment("acme is down", created_utc=datetime(2099, 1, 1, tzinfo=UTC).timestamp())
    hear(sqlite_db, kit, source_id)
    later = tiny.comment("acme is still down", minutes=0)
    hear(sqlite_db, kit, source_id)
    assert {future, later} == set(stored(sqlite_db))


def test_what_comes_late_through_the_filter_is_heard(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    source_id = listen_to(sqlite_db, kit, tiny)
    tiny.comment("acme is down", minutes=1)
    hear(sqlite_db, kit, source_id)
    late = tiny.comment("acme is down here too", minutes=8)
    hear(sqlite_db, kit, source_id)
    assert late in stored(sqlite_db)


def test_the_inbox_is_heard_whatever_it_says(sqlite_db: Database, kit: Ground, tiny: TinyReddit) -> None:
    called = tiny.comment("hey u/acme_help are you there?", parent="t1_x")
    message = tiny.message("my order is lost")
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny, query="nosuchword"))
    rows = stored(sqlite_db)
    assert (rows[called].addressed_to_us, rows[called].parent_id, rows[called].thread_id) == (
        True,
        "t1_x",
        "t1_x",
    )
    assert (rows[message].kind, rows[message].visibility, rows[message].reply_mode) == (
        "message",
        "private",
        "api",
    )


def test_crossposts_count_on_the_original(sqlite_db: Database, kit: Ground, tiny: TinyReddit) -> None:
    post = tiny.submit("Acme burns", minutes=9, num_crossposts=3)
    origin = tiny.thing(post)["data"]
    tiny.submit("Acme burns", by="eve", crosspost_parent=post, crosspost_parent_list=[origin])
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    rows = stored(sqlite_db)
    assert set(rows) == {post}
    assert rows[post].reposts == 3
    with sqlite_db.read() as session:
        assert session.get_one(Author, rows[post].author_id).handle == "ada"


def test_edits_deletions_and_deleted_authors(sqlite_db: Database, kit: Ground, tiny: TinyReddit) -> None:
    edited, orphan = tiny.comment("acme is fine", minutes=5), tiny.comment("acme broke", by="[deleted]")
    tiny.comment("[removed]", by="[deleted]")
    source_id = listen_to(sqlite_db, kit, tiny)
    hear(sqlite_db, kit, source_id)
    tiny.thing(edited)["data"] |= {"body": "acme is NOT fine", "edited": time.time()}
    assert hear(sqlite_db, kit, source_id).updated == 1
    rows = stored(sqlite_db)
    assert set(rows) == {edited, orphan}
    assert (rows[edited].text, rows[edited].revision) == ("acme is NOT fine", 2)
    assert rows[edited].edited_at is not None
    assert rows[orphan].author_id is None
    tiny.thing(edited)["data"] |= {"body": "[deleted]", "author": "[deleted]"}
    found = {item.id: item for item in opened(tiny, kit).refresh([heard(edited), heard(orphan)])}
    assert isinstance(found[edited], Gone)
    assert isinstance(found[orphan], Post)


def test_our_own_answer_given_on_reddit_is_kept_apart(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit
) -> None:
    post = tiny.comment("acme is down", minutes=9)
    answer = tiny.comment("we are on it", by="acme_help", parent=post)
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    assert answer not in stored(sqlite_db)
    with sqlite_db.read() as session:
        assert [(row.external_id, row.parent_id) for row in session.scalars(select(OwnPost))] == [
            (answer, post)
        ]
