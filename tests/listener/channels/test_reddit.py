"""Reddit against a tiny Reddit on loopback: nothing lost, one answer per reply, no sleeping."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Absent, Attempt, Gone, Post, ReplyMode, Sent, Unsure
from listener.channels.reddit import Reddit, RedditOptions
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.http import Http
from listener.models import Account, Author, Mention, OwnPost, Source
from listener.sources import SourceError
from tests.listener.channels.reddit_room import LOGIN, TinyReddit, said
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Site


@pytest.fixture
def tiny(site: Site) -> TinyReddit:
    return TinyReddit(site)


def listen_to(db: Database, kit: Ground, tiny: TinyReddit, query: str = "acme", **settings: str) -> int:
    brands.add(db, "Acme", query=query)
    given = {"base_url": tiny.site.url, "subreddits": "gadgets"} | LOGIN | settings
    given = {name: value for name, value in given.items() if value}
    return sources.add(db, kit, "reddit", name="reddit", brand="Acme", settings=given)


def keyless(db: Database, kit: Ground, tiny: TinyReddit) -> int:
    return listen_to(db, kit, tiny, **dict.fromkeys(LOGIN, ""))


def hear(db: Database, kit: Ground, source_id: int) -> collect.Outcome:
    outcome = collect.poll(db, kit, source_id, force=True)
    assert outcome.error is None, outcome.error
    return outcome


def stored(db: Database) -> dict[str, Mention]:
    with db.read() as session:
        return {row.external_id: row for row in session.scalars(select(Mention))}


def source(db: Database, source_id: int) -> Source:
    with db.read() as session:
        return session.get_one(Source, source_id)


def opened(tiny: TinyReddit, kit: Ground, **options: str) -> Reddit:
    channel = Reddit(RedditOptions.model_validate({"base_url": tiny.site.url} | (options or LOGIN)), kit.http)
    channel.learn()
    return channel


def heard(name: str, **extra: Any) -> Post:
    return Post(name, "acme is down", now(), url="https://www.reddit.com/x", thread_id="t3_top", extra=extra)


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


def test_a_reply_stands_under_the_post_as_it_was_written(kit: Ground, tiny: TinyReddit) -> None:
    post = tiny.comment("acme is down")
    sent = opened(tiny, kit).reply(
        heard(post), "Sorry! *Really*.\nSee https://acme.example.test/a_b", key="k1"
    )
    (made,) = tiny.replies()
    assert (made["name"], made["parent_id"]) == (sent.id, post)
    assert made["body"] == "Sorry! \\*Really\\*.  \nSee https://acme.example.test/a_b"
    assert sent.url == f"https://www.reddit.com{made['permalink']}"


@pytest.mark.parametrize("lost", ["503", "stall", "cut"])
def test_an_accepted_reply_without_a_clear_answer_is_posted_once_and_found(
    tiny: TinyReddit, lost: str
) -> None:
    from alerts.replying.send import not_posted

    http = Http(allow=["127.0.0.1:*"], timeout=(3.0, 3.0))
    post = tiny.comment("acme is down")
    channel = Reddit(RedditOptions.model_validate({"base_url": tiny.site.url} | LOGIN), http)
    channel.learn()
    text, since = "We are on it: *soon* & sorry https://acme.example.test/x_y", now()

    def accept_then_fail(asked: Any) -> Any:
        if asked.path != "/api/comment/":
            return None
        tiny.create({name: value[0] for name, value in parse_qs(asked.body.decode()).items()})
        if lost == "stall":
            time.sleep(5)
        return said({}, 503) if lost == "503" else Answer('{"json": {"er')

    tiny.fault = accept_then_fail
    with pytest.raises(HttpError) as raised:
        channel.reply(heard(post), text, key="k2")
    assert not not_posted(raised.value)
    found = channel.find(Attempt(heard(post), text, "k2", since))
    assert isinstance(found, Sent)
    assert [found.id] == [made["name"] for made in tiny.replies()]


def test_a_quarantined_subreddit_posts_without_saying_so(kit: Ground, tiny: TinyReddit) -> None:
    tiny.fault = lambda asked: (
        said({"json": {"errors": [], "data": {"things": []}}}) if asked.path == "/api/comment/" else None
    )
    with pytest.raises(HttpError, match="does not say") as raised:
        opened(tiny, kit).reply(heard("t1_x"), "We are on it.", key="k")
    assert raised.value.delivered
    assert raised.value.status is None


def test_find_tells_absent_from_unsure(kit: Ground, tiny: TinyReddit) -> None:
    post = tiny.comment("acme is down")
    tiny.comment("thanks", by="acme_help", parent=post)
    channel = opened(tiny, kit)
    attempt = Attempt(heard(post), "We are on it.", "k3", now())
    assert isinstance(channel.find(attempt), Absent)
    tiny.fault = lambda asked: said({}, 500)
    assert isinstance(channel.find(attempt), Unsure)


@pytest.mark.parametrize(
    ("error", "words", "wait"),
    [
        (["RATELIMIT", "Take a break for 9 minutes before trying again.", "ratelimit"], "take a break", 541),
        (["THREAD_LOCKED", "Comments are locked.", "parent"], "locked by the moderators", None),
        (["TOO_OLD", "that's a piece of history now", "parent"], "archived", None),
        (["DELETED_COMMENT", "that comment has been deleted", "parent"], "deleted", None),
        (["SOMETHING_NEW", "no thank you", ""], "no thank you", None),
    ],
)
def test_what_reddit_refuses_is_said_and_not_tried_again(
    kit: Ground, tiny: TinyReddit, error: list[str], words: str, wait: int | None
) -> None:
    from alerts.replying.send import not_posted

    tiny.errors = [error]
    began = time.monotonic()
    with pytest.raises(HttpError, match=words) as raised:
        opened(tiny, kit).reply(heard("t1_x"), "We are on it.", key="k")
    assert time.monotonic() - began < 40
    assert raised.value.retry_after == (timedelta(seconds=wait) if wait else None)
    assert raised.value.permanent == (wait is None)
    assert not_posted(raised.value)
    assert len([asked for asked in tiny.site.asked if asked.path == "/api/comment/"]) == 1


def test_locked_and_archived_threads_are_known_before_writing(kit: Ground, tiny: TinyReddit) -> None:
    channel = opened(tiny, kit)
    assert channel.may_reply(heard("t1_x")).mode is ReplyMode.API
    assert "locked" in (channel.may_reply(heard("t1_x", locked=True)).reason or "")
    assert channel.may_reply(heard("t1_x", archived=True)).mode is ReplyMode.LINK


def test_a_reply_that_is_too_long_is_stopped_before_the_call(kit: Ground, tiny: TinyReddit) -> None:
    channel = opened(tiny, kit)
    with pytest.raises(ChannelError, match="10002 characters"):
        channel.reply(heard("t1_x"), "*" * 5001, key="k")
    assert not [asked for asked in tiny.site.asked if asked.path == "/api/comment/"]


def test_nobody_listening_is_an_error_with_nothing_posted(kit: Ground) -> None:
    options = RedditOptions.model_validate({"base_url": "http://127.0.0.1:9"} | LOGIN)
    with pytest.raises(HttpError) as raised:
        Reddit(options, kit.http).reply(heard("t1_x"), "We are on it.", key="k")
    assert not raised.value.delivered


def test_a_changed_refresh_token_is_saved(kit: Ground, tiny: TinyReddit) -> None:
    saved: list[dict[str, str]] = []
    options = {"client_id": "app-id", "client_secret": "s", "refresh_token": "old-sesame"}
    channel = Reddit(
        RedditOptions.model_validate({"base_url": tiny.site.url} | options), kit.http, saved.append
    )
    real = tiny.site.answer
    tiny.site.answer = lambda asked: (
        said({"access_token": "a", "expires_in": 60, "scope": "*", "refresh_token": "new-sesame"})
        if asked.path.endswith("access_token")
        else real(asked)
    )
    assert channel.check() == "Reddit as u/acme_help"
    assert saved == [{"refresh_token": "new-sesame"}]


def test_test_says_as_whom(sqlite_db: Database, kit: Ground, tiny: TinyReddit) -> None:
    listen_to(sqlite_db, kit, tiny)
    assert sources.test(sqlite_db, kit, "reddit") == "Reddit as u/acme_help"
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert account.limits["ours"] == ["acme_help"]
    assert not any(
        secret in f"{account.secrets} {account.options} {account.identity}" for secret in ("password-sesame",)
    )
    app = {"client_id": "app-id", "client_secret": "s"}
    assert "read-only" in opened(tiny, kit, **app).check()
    assert "RSS" in Reddit(RedditOptions(base_url=tiny.site.url), kit.http).check()
    with pytest.raises(ChannelError, match="belong to u/acme_help"):
        opened(tiny, kit, **LOGIN | {"username": "other"})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"client_secret": "s"}, "client_id is missing"),
        ({"client_id": "i"}, "client_secret is missing"),
        ({"client_id": "i", "client_secret": "s", "password": "p"}, "username is missing"),
        ({"subreddits": "r/a b"}, "not the name of a subreddit"),
    ],
)
def test_half_given_credentials_are_named(
    sqlite_db: Database, kit: Ground, settings: dict[str, str], words: str
) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    with pytest.raises(SourceError, match=words):
        sources.add(sqlite_db, kit, "reddit", name="r", brand="Acme", settings=settings)
