"""Bluesky against a tiny server on loopback: nothing lost, one record per reply, few log-ins."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Absent, Attempt, Gone, Post, ReplyMode, Sent, Unsure
from listener.channels.bluesky import Bluesky, BlueskyOptions
from listener.channels.bluesky.replying import record_key
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.http import Http
from listener.models import Account, Author, Mention, OwnPost, Source
from tests.listener.channels.bluesky_room import PASSWORD, US, TinyBluesky, error, mention, said
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Site

LOGIN = {"handle": "acme.example.test", "app_password": PASSWORD}


@pytest.fixture
def tiny(site: Site) -> TinyBluesky:
    return TinyBluesky(site)


def listen_to(db: Database, kit: Ground, tiny: TinyBluesky, query: str = "acme", **settings: str) -> int:
    brands.add(db, "Acme", query=query)
    given = {"base_url": tiny.site.url} | LOGIN | settings
    return sources.add(db, kit, "bluesky", name="bluesky", brand="Acme", settings=given)


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


def opened(tiny: TinyBluesky, kit: Ground, **options: str) -> Bluesky:
    channel = Bluesky(BlueskyOptions.model_validate({"base_url": tiny.site.url} | LOGIN | options), kit.http)
    channel.learn()
    return channel


def heard(channel: Bluesky, uri: str) -> Post:
    (post,) = channel.refresh([Post(uri, "", now())])
    assert isinstance(post, Post)
    return post


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


def test_a_reply_names_root_and_parent_and_marks_links_in_bytes(kit: Ground, tiny: TinyBluesky) -> None:
    root = tiny.publish("acme is down", minutes=9)
    post = tiny.publish("acme is still down", minutes=5, reply=tiny.answering(root))
    channel = opened(tiny, kit)
    text = "שלום 👩‍👩‍👧 @ada.example.test @nobody.example.test: https://acme.example.test/a_b. #AcmeDown"
    sent = channel.reply(heard(channel, post), text, key="k1")
    (made,) = tiny.replies()
    assert made["uri"] == sent.id
    record = made["record"]
    assert (record["text"], record["reply"]["root"]["uri"], record["reply"]["parent"]["uri"]) == (
        text,
        root,
        post,
    )
    assert record["reply"]["root"]["cid"] == "cid-0"
    raw = text.encode()
    shown = [raw[item["index"]["byteStart"] : item["index"]["byteEnd"]].decode() for item in record["facets"]]
    assert shown == ["@ada.example.test", "https://acme.example.test/a_b", "#AcmeDown"]
    assert record["facets"][0]["features"][0]["did"] == "did:plc:ada"
    assert sent.url == f"https://bsky.app/profile/acme.example.test/post/{sent.id.rpartition('/')[2]}"


@pytest.mark.parametrize("lost", ["503", "stall", "cut"])
def test_an_accepted_reply_without_a_clear_answer_is_one_record_and_found(
    tiny: TinyBluesky, lost: str
) -> None:
    from alerts.replying.send import not_posted

    kit = ground()
    object.__setattr__(kit, "http", Http(allow=["127.0.0.1:*"], timeout=(3.0, 3.0)))
    post = tiny.publish("acme is down")
    channel = opened(tiny, kit)
    to, since = heard(channel, post), now()

    def accept_then_fail(asked: Any) -> Any:
        if not asked.path.endswith("createRecord"):
            return None
        tiny.create(json.loads(asked.body))
        if lost == "stall":
            time.sleep(5)
        return said({}, 503) if lost == "503" else Answer('{"uri": "at')

    tiny.fault = accept_then_fail
    with pytest.raises(HttpError) as raised:
        channel.reply(to, "We are on it.", key="k2")
    assert not not_posted(raised.value)
    tiny.fault = None
    found = channel.find(Attempt(to, "We are on it.", "k2", since))
    assert isinstance(found, Sent)
    assert [found.id] == [made["uri"] for made in tiny.replies()]
    with pytest.raises(HttpError):
        channel.reply(to, "We are on it.", key="k2")  # the same key can only be the same record
    assert len(tiny.replies()) == 1


def test_find_looks_at_words_where_a_server_chose_its_own_key(kit: Ground, tiny: TinyBluesky) -> None:
    post = tiny.publish("acme is down")
    channel = opened(tiny, kit)
    attempt = Attempt(heard(channel, post), "We are on it.", "k3", now())
    tiny.publish("thanks", by="acme", reply=tiny.answering(post))
    assert isinstance(channel.find(attempt), Absent)
    made = tiny.publish("We are on it.", by="acme", reply=tiny.answering(post))
    found = channel.find(attempt)
    assert isinstance(found, Sent)
    assert found.id == made
    tiny.fault = lambda asked: said({}, 500)
    assert isinstance(channel.find(attempt), Unsure)


def test_record_keys_are_tids_of_the_reply_alone() -> None:
    post = Post("at://x", "", now())
    keys = {record_key(f"key {number}", post) for number in range(200)}
    assert len(keys) == 200
    assert all(len(key) == 13 and key[0] in "234567abcdefghij" for key in keys)
    assert record_key("key 1", post) == record_key("key 1", post)


def test_where_an_answer_would_not_be_shown_is_known_before_writing(
    sqlite_db: Database, kit: Ground, tiny: TinyBluesky
) -> None:
    limited = tiny.publish("acme is down", viewer={"replyDisabled": True})
    blocked = tiny.publish("acme is bad")
    tiny.view(blocked)["author"]["viewer"] = {"blockedBy": True}
    hear(sqlite_db, kit, listen_to(sqlite_db, kit, tiny))
    rows = stored(sqlite_db)
    assert (rows[limited].reply_mode, "limited" in (rows[limited].reply_reason or "")) == ("link", True)
    assert (rows[blocked].reply_mode, "blocked" in (rows[blocked].reply_reason or "")) == ("link", True)


def test_a_reply_to_an_imported_post_asks_for_its_references(kit: Ground, tiny: TinyBluesky) -> None:
    post = tiny.publish("acme is down")
    channel = opened(tiny, kit)
    channel.reply(Post(post, "acme is down", now()), "We are on it.", key="k")
    assert tiny.replies()[0]["record"]["reply"]["parent"] == {"uri": post, "cid": "cid-0"}
    with pytest.raises(HttpError, match="gone") as raised:
        channel.reply(Post("at://did:plc:ada/app.bsky.feed.post/none", "", now()), "We are on it.", key="k")
    assert (raised.value.permanent, raised.value.delivered) == (True, False)


@pytest.mark.parametrize("text", ["x" * 301, "👩‍👩‍👧" * 170])
def test_a_reply_that_is_too_long_is_stopped_before_the_call(
    kit: Ground, tiny: TinyBluesky, text: str
) -> None:
    channel = opened(tiny, kit)
    with pytest.raises(ChannelError, match="too long"):
        channel.reply(Post("at://x", "", now(), extra={"cid": "c"}), text, key="k")
    assert not tiny.calls("createRecord")


def test_nobody_listening_is_an_error_with_nothing_posted(kit: Ground) -> None:
    options = BlueskyOptions.model_validate({"base_url": "http://127.0.0.1:9"} | LOGIN)
    with pytest.raises(HttpError) as raised:
        Bluesky(options, kit.http).reply(Post("at://x", "", now(), extra={"cid": "c"}), "hi", key="k")
    assert not raised.value.delivered


def test_refresh_tells_deleted_posts_and_never_takes_nonsense_for_deletion(
    kit: Ground, tiny: TinyBluesky
) -> None:
    stays, goes = tiny.publish("acme one"), tiny.publish("acme two")
    channel = opened(tiny, kit)
    tiny.views.remove(tiny.view(goes))
    found = {item.id: item for item in channel.refresh([Post(stays, "", now()), Post(goes, "", now())])}
    assert isinstance(found[goes], Gone)
    assert isinstance(found[stays], Post)
    tiny.fault = lambda asked: said({})
    with pytest.raises(HttpError, match="cannot be read"):
        list(channel.refresh([Post(stays, "", now())]))


def test_test_says_as_whom(sqlite_db: Database, kit: Ground, tiny: TinyBluesky) -> None:
    listen_to(sqlite_db, kit, tiny, handle="@Acme.example.test")
    assert sources.test(sqlite_db, kit, "bluesky") == "Bluesky as @acme.example.test"
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert account.limits["ours"] == [US, "acme.example.test"]
    channel = opened(tiny, kit)
    assert channel.may_reply(Post("at://x", "", now())).mode is ReplyMode.API
