"""X against a tiny X on loopback: nothing lost, nothing paid twice, answers only where X allows them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Absent, Attempt, Gone, Post, ReplyMode, Sent, Unsure
from listener.channels.x import X, XOptions
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.http import Http
from listener.models import Account, Author, Mention, OwnPost, Source
from listener.sources import SourceError
from tests.listener.channels.x_room import KEYS, US, TinyX, said, stalling
from tests.listener.rooms import ground
from tests.listener.web_room import Site

BEARER = {"bearer_token": "bearer-sesame"}


@pytest.fixture
def tiny(site: Site) -> TinyX:
    return TinyX(site)


def listen_to(db: Database, kit: Ground, tiny: TinyX, query: str = "acme", **settings: str) -> int:
    brands.add(db, "Acme", query=query)
    given = {"base_url": tiny.site.url} | KEYS | settings
    return sources.add(db, kit, "x", name="x", brand="Acme", settings=given)


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


def opened(tiny: TinyX, kit: Ground, **options: str) -> X:
    channel = X(XOptions.model_validate({"base_url": tiny.site.url} | (options or KEYS)), kit.http)
    channel.learn()
    return channel


def heard(name: str, **extra: Any) -> Post:
    return Post(
        name, "@acme help", now(), url="https://x.com/ada/status/1", extra={"mentions_us": True} | extra
    )


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
    assert row.cursor is not None
    assert row.cursor["reads"]["count"] == 25
    assert row.not_before is not None
    assert (row.not_before - now()) < timedelta(hours=24, seconds=10)
    assert row.state == "active"
    with sqlite_db.work() as session:  # midnight passes
        found = session.get_one(Source, source_id)
        found.not_before = None
        found.cursor = {**found.cursor, "reads": {"day": "2020-01-01", "count": 25}}
    collect.poll(sqlite_db, kit, source_id, force=True)
    assert len(stored(sqlite_db)) == 50


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


def test_a_reply_stands_under_the_post_and_is_posted_once(kit: Ground, tiny: TinyX) -> None:
    post = tiny.publish("@acme help")
    channel = opened(tiny, kit)
    sent = channel.reply(heard(post), "We are on it.", key="k1")
    (made,) = tiny.replies()
    assert (made["id"], made["referenced_tweets"][0]["id"]) == (sent.id, post)
    assert sent.url == f"https://x.com/acme/status/{sent.id}"
    (asked,) = [asked for asked in tiny.site.asked if asked.method == "POST"]
    assert asked.headers["authorization"].startswith("OAuth ")
    assert json.loads(asked.body) == {"text": "We are on it.", "reply": {"in_reply_to_tweet_id": post}}


def test_an_accepted_reply_without_a_clear_answer_is_found_and_not_repeated(kit: Ground, tiny: TinyX) -> None:
    post = tiny.publish("@acme help")
    channel = opened(tiny, kit)
    text = "We are on it &amp; sorry: https://acme.example.test/status"
    since = now()

    def accept_then_503(asked: Any) -> Any:
        if asked.method == "POST":
            tiny.create(json.loads(asked.body))
            return said({"title": "Service Unavailable"}, 503)
        return None

    tiny.fault = accept_then_503
    with pytest.raises(HttpError) as raised:
        channel.reply(heard(post), text, key="k2")
    assert (raised.value.delivered, raised.value.status) == (True, 503)
    found = channel.find(Attempt(heard(post), text, "k2", since))
    assert isinstance(found, Sent)
    assert [found.id] == [made["id"] for made in tiny.replies()]


def test_find_tells_absent_from_unsure(kit: Ground, tiny: TinyX) -> None:
    post = tiny.publish("@acme help")
    channel = opened(tiny, kit)
    tiny.publish("@ada thanks", by="acme", referenced_tweets=[{"type": "replied_to", "id": post}])
    attempt = Attempt(heard(post), "We are on it.", "k3", now() - timedelta(minutes=3))
    assert isinstance(channel.find(attempt), Absent)
    tiny.fault = lambda asked: said({}, 500)
    assert isinstance(channel.find(attempt), Unsure)


def test_the_same_text_again_is_looked_up_not_failed(kit: Ground, tiny: TinyX) -> None:
    from alerts.replying.send import not_posted

    tiny.fault = lambda asked: (
        said({"detail": "You are not allowed to create a Tweet with duplicate content.", "status": 403}, 403)
        if asked.method == "POST"
        else None
    )
    with pytest.raises(HttpError) as raised:
        opened(tiny, kit).reply(heard("1"), "We are on it.", key="k")
    assert not not_posted(raised.value)


def test_a_reply_that_x_does_not_allow_says_so_with_the_way_out(kit: Ground, tiny: TinyX) -> None:
    detail = "You can only reply to or quote posts where you are mentioned or are the author."
    tiny.fault = lambda asked: (
        said({"title": "Forbidden", "status": 403, "detail": detail}, 403) if asked.method == "POST" else None
    )
    with pytest.raises(HttpError, match="where you are mentioned") as raised:
        opened(tiny, kit).reply(heard("1"), "We are on it.", key="k")
    assert raised.value.permanent
    assert not raised.value.attention
    assert "by hand" in raised.value.hint


def test_a_reply_that_is_too_long_is_stopped_before_the_call(kit: Ground, tiny: TinyX) -> None:
    channel = opened(tiny, kit)
    with pytest.raises(ChannelError, match="weighs 282"):
        channel.reply(heard("1"), "語" * 141, key="k")
    assert not [asked for asked in tiny.site.asked if asked.method == "POST"]


def test_nobody_listening_is_an_error_with_nothing_posted(kit: Ground, tiny: TinyX) -> None:
    options = XOptions.model_validate({"base_url": "http://127.0.0.1:9"} | KEYS)
    with pytest.raises(HttpError) as raised:
        X(options, kit.http).reply(heard("1"), "We are on it.", key="k")
    assert not raised.value.delivered


def test_refresh_tells_deleted_and_edited_posts(kit: Ground, tiny: TinyX) -> None:
    channel = opened(tiny, kit)
    stays, goes, edited = tiny.publish("@acme one"), tiny.publish("@acme two"), tiny.publish("@acme three")
    latest = tiny.publish("@acme three, changed", edit_history_tweet_ids=[edited])
    for number in (edited, latest):
        tiny.tweets[int(number)]["edit_history_tweet_ids"] = [edited, latest]
    del tiny.tweets[int(goes)]
    found = {item.id: item for item in channel.refresh([heard(stays), heard(goes), heard(edited)])}
    assert isinstance(found[goes], Gone)
    texts = {name: item.text for name, item in found.items() if isinstance(item, Post)}
    assert texts == {stays: "@acme one", edited: "@acme three, changed"}


def test_test_says_as_whom_and_refuses_somebody_elses_token(
    sqlite_db: Database, kit: Ground, tiny: TinyX
) -> None:
    listen_to(sqlite_db, kit, tiny, username="acme")
    assert sources.test(sqlite_db, kit, "x") == "X as @acme"
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert (account.limits["ours"], account.identity) == ([US, "acme"], "acme")
    assert not any(
        secret in f"{account.secrets} {account.options} {account.identity}" for secret in KEYS.values()
    )
    with pytest.raises(ChannelError, match="belongs to @acme"):
        opened(tiny, kit, **KEYS, username="other")
    assert "read-only" in opened(tiny, kit, **BEARER).check()


def test_half_of_the_keys_are_named(sqlite_db: Database, kit: Ground) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    with pytest.raises(SourceError, match="missing: consumer_secret"):
        sources.add(
            sqlite_db, kit, "x", name="x", brand="Acme",
            settings={name: value for name, value in KEYS.items() if name != "consumer_secret"},
        )  # fmt: skip
    with pytest.raises(SourceError, match="set bearer_token"):
        sources.add(sqlite_db, kit, "x", name="x", brand="Acme", settings={})


def test_may_reply_is_asked_of_what_was_stored(kit: Ground, tiny: TinyX) -> None:
    channel = opened(tiny, kit)
    assert channel.may_reply(heard("1")).mode is ReplyMode.API
    assert channel.may_reply(heard("1", mentions_us=False)).mode is ReplyMode.LINK
    assert opened(tiny, kit, **BEARER).may_reply(heard("1")).mode is ReplyMode.LINK
