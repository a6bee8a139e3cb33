"""What every review and comment channel does, whatever the platform does to it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from listener import sources
from listener.channels.base import Absent, Attempt, Gone, Post, ReplyMode, Sent, Unsure
from listener.db import Database
from listener.db import now as db_now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.http import Http
from listener.models import Account, OwnPost, Source
from tests.listener.channels.review_platforms import KEYLESS, ONE_ANSWER, PLATFORMS, REPLIES
from tests.listener.channels.review_room import STRANGE, Platform, Room, says
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Asked, Site

each = pytest.mark.parametrize("name", sorted(PLATFORMS))
each_that_replies = pytest.mark.parametrize("name", REPLIES)
each_with_one_answer = pytest.mark.parametrize("name", ONE_ANSWER)


@pytest.fixture
def platform(name: str, site: Site) -> Platform:
    return PLATFORMS[name](site)


@pytest.fixture
def room(sqlite_db: Database, kit: Ground, platform: Platform) -> Room:
    return Room(sqlite_db, kit, platform).open()


@each
@pytest.mark.parametrize("mode", ["", "duplicates", "shuffled", "empty"])
def test_sixty_are_each_stored_once(room: Room, platform: Platform, mode: str) -> None:
    platform.mode = mode
    published = platform.many(60)
    room.hear()
    assert set(room.stored()) == published
    assert room.hear().new == 0


@each
def test_a_list_that_goes_in_circles_ends_and_blinds_nobody(room: Room, platform: Platform) -> None:
    published = platform.many(60)
    platform.mode = "loop"
    for _ in range(3):
        assert room.poll().error is None
    assert len(room.platform.site.asked) < 60
    platform.mode = ""
    room.hear()
    assert set(room.stored()) == published


@each
def test_what_comes_later_is_heard_and_only_a_window_is_read_again(room: Room, platform: Platform) -> None:
    platform.many(40, minutes=4 * 24 * 60, apart=1)
    platform.many(5)
    room.hear()
    asked = len(platform.site.asked)
    new = platform.publish("acme again", minutes=1)
    assert room.hear().new == 1
    assert new.id in room.stored()
    assert len(platform.site.asked) - asked <= 6


@each
def test_a_review_that_appears_late_is_heard(room: Room, platform: Platform) -> None:
    platform.many(40, apart=1)
    room.hear()
    late = platform.publish("acme, late", minutes=44)
    room.hear()
    assert late.id in room.stored()


@pytest.mark.slow
@each
def test_a_burst_is_caught_up_over_several_runs(sqlite_db: Database, platform: Platform, name: str) -> None:
    platform.page_size = 50
    room = Room(sqlite_db, ground(max_pages=6), platform).open()
    platform.many(3, minutes=3 * 24 * 60)
    room.hear()
    total = 450 if name == "appstore-feed" else 1200  # the feed holds 500
    published = platform.many(total, minutes=1, apart=0.05)
    first = room.poll()
    assert first.truncated
    room.hear()
    assert published <= set(room.stored())
    assert any(outcome.backfilled for outcome in room.outcomes)
    assert room.hear().new == 0


@each
def test_a_review_dated_2099_does_not_blind(room: Room, platform: Platform) -> None:
    future = platform.publish("acme in the future")
    future.at = datetime(2099, 1, 1, tzinfo=UTC)
    room.hear()
    later = platform.publish("acme now", minutes=1)
    room.hear()
    assert room.stored()[future.id].posted_at.year == 2099
    assert later.id in room.stored()


@each
def test_a_rate_limit_schedules_the_next_run_and_sleeps_nobody(room: Room, platform: Platform) -> None:
    platform.broken = says({"error": {"code": 429, "message": "slow down"}}, 429, Retry_After="120")
    outcome = room.poll()
    assert outcome.error is not None
    with room.db.read() as session:
        row = session.get_one(Source, room.source_id)
        assert row.not_before is not None
        assert timedelta(seconds=110) < row.not_before - db_now() < timedelta(seconds=130)
        assert row.errors == 0
    assert len(platform.site.asked) == 1


@each_that_replies
def test_refused_credentials_need_a_person(room: Room, platform: Platform) -> None:
    platform.broken = says({"error": {"code": 401, "message": "who are you"}}, 401)
    for _ in range(2):
        assert room.poll().error is not None
    with room.db.read() as session:
        row = session.get_one(Source, room.source_id)
        assert row.state == "attention"
        assert row.hint


@each
def test_a_stall_ends_by_our_own_time_out(
    room: Room, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    stop = threading.Event()
    object.__setattr__(room.kit, "http", Http(allow=["127.0.0.1:*"], timeout=(0.3, 0.3)))

    def stalls(asked: Asked) -> Answer:
        stop.wait(3)
        return Answer("{}")

    platform.answer = stalls  # type: ignore[method-assign]
    outcome = room.poll()
    stop.set()
    assert outcome.error is not None


@each
@pytest.mark.parametrize("body", ["<html>", "[]", ""])
def test_nonsense_is_refused_in_words(room: Room, platform: Platform, body: str) -> None:
    platform.broken = Answer(body)
    outcome = room.poll()
    assert outcome.error is not None
    assert outcome.hint


@each
def test_any_letters_survive_and_the_rating_has_its_scale(room: Room, platform: Platform, name: str) -> None:
    said = platform.publish(STRANGE, rating=1, author="Žofie 👩‍🚀")
    room.hear()
    row = room.stored()[said.id]
    for part in ("👩‍👩‍👧‍👦", "שלום", "\U0001d4b3", "long long"):
        assert part in row.text
    assert len(row.text) > 9_000
    assert row.addressed_to_us
    if not name.startswith("youtube"):
        assert (row.rating, row.rating_scale, row.kind) == (1.0, 5, "review")


@each
def test_reviews_count_whatever_words_they_use(sqlite_db: Database, kit: Ground, platform: Platform) -> None:
    room = Room(sqlite_db, kit, platform).open(query="nosuchword")
    said = platform.publish("it never starts")
    room.hear()
    assert said.id in room.stored()


@each
def test_an_edited_review_is_updated(room: Room, platform: Platform) -> None:
    said = platform.publish("acme is fine", rating=5)
    room.hear()
    said.text, said.rating, said.at = "acme is NOT fine", 1, datetime.now(UTC)
    assert room.hear().updated == 1
    row = room.stored()[said.id]
    assert (row.text, row.revision) == ("acme is NOT fine", 2)


@each_with_one_answer
def test_the_answer_that_is_there_is_shown_and_kept_as_ours(room: Room, platform: Platform) -> None:
    said = platform.publish(answer="We are on it.", answered_at=datetime.now(UTC))
    room.hear()
    assert room.stored()[said.id].existing_reply == "We are on it."
    with room.db.read() as session:
        (own,) = session.scalars(select(OwnPost)).all()
    assert (own.parent_id, own.text) == (said.id, "We are on it.")
    assert own.external_id not in room.stored()
    may = room.channel().may_reply(room.post(said.id))
    assert may.mode is ReplyMode.API
    assert "replace" in (may.reason or "")


@each_that_replies
def test_a_reply_is_posted_once_under_the_review(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    channel = room.channel()
    post = room.post(said.id)
    assert channel.may_reply(post).mode is ReplyMode.API
    sent = channel.reply(post, "We are on it.", key="k1")
    assert sent.id
    assert platform.posted == [(said.id, "We are on it.")]
    found = channel.find(Attempt(post, "We are on it.", "k1", datetime.now(UTC) - timedelta(minutes=2)))
    assert isinstance(found, Sent)
    assert found.id == sent.id


@each_that_replies
def test_our_own_reply_comes_back_under_the_same_id(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    sent = room.channel().reply(room.post(said.id), "We are on it.", key="k1")
    room.hear()
    with room.db.read() as session:
        assert [own.external_id for own in session.scalars(select(OwnPost))] == [sent.id]


@each_that_replies
def test_accepted_and_then_503_is_one_reply_that_is_found(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    post, channel = room.post(said.id), room.channel()
    platform.after_write = says({"error": {"code": 503, "message": "oops"}}, 503)
    with pytest.raises(HttpError) as raised:
        channel.reply(post, "We are on it.", key="k1")
    assert raised.value.delivered
    assert raised.value.status == 503
    found = channel.find(Attempt(post, "We are on it.", "k1", datetime.now(UTC) - timedelta(minutes=2)))
    assert isinstance(found, Sent)
    assert len(platform.posted) == 1
    assert isinstance(
        channel.find(Attempt(post, "Something else.", "k2", datetime.now(UTC) - timedelta(minutes=2))), Absent
    )


@each_that_replies
def test_an_unreadable_answer_to_a_reply_leaves_it_open(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    platform.after_write = Answer("<html>")
    with pytest.raises(HttpError) as raised:
        room.channel().reply(room.post(said.id), "We are on it.", key="k1")
    assert raised.value.delivered
    assert raised.value.status is None


@each_that_replies
def test_find_is_unsure_when_the_platform_cannot_be_read(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    post, channel = room.post(said.id), room.channel()
    platform.broken = Answer(status=503)
    assert isinstance(channel.find(Attempt(post, "We are on it.", "k1", datetime.now(UTC))), Unsure)


@each_with_one_answer
def test_an_answer_that_nobody_saw_is_not_replaced(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    post = room.post(said.id)
    said.answer = "A colleague was faster."
    with pytest.raises(ChannelError, match="not known here") as raised:
        room.channel().reply(post, "We are on it.", key="k1")
    assert raised.value.permanent
    assert platform.posted == []
    room.hear()
    room.channel().reply(room.post(said.id), "We are on it.", key="k2")
    assert platform.posted == [(said.id, "We are on it.")]


@each_with_one_answer
def test_the_same_words_are_not_posted_again(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    post = room.post(said.id)
    first = room.channel().reply(post, "We are on it.", key="k1")
    again = room.channel().reply(post, "We are on it.", key="k1")
    assert (first.id, len(platform.posted)) == (again.id, 1)


@each_that_replies
def test_too_long_is_stopped_before_the_call(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    channel = room.channel()
    limits = channel.limits()
    assert limits.length is not None
    with pytest.raises(ChannelError, match="allow"):
        channel.reply(room.post(said.id), "x" * (limits.length + 1), key="k1")
    assert platform.posted == []


@each_that_replies
def test_deleted_upstream_is_gone_and_cannot_be_answered(room: Room, platform: Platform) -> None:
    kept, deleted = platform.publish("acme one"), platform.publish("acme two")
    room.hear()
    posts = [room.post(kept.id), room.post(deleted.id)]
    platform.reviews.remove(deleted)
    kept.text = "acme one, edited"
    found = {one.id: one for one in room.channel().refresh(posts)}
    assert isinstance(found[kept.id], Post)
    assert found[kept.id].text == "acme one, edited"  # type: ignore[union-attr]
    assert found[deleted.id] == Gone(deleted.id, posts[1].instance)
    with pytest.raises(ChannelError) as raised:
        room.channel().reply(posts[1], "We are on it.", key="k1")
    assert raised.value.permanent
    assert platform.posted == []


@each
def test_the_test_says_as_whom_and_no_secret_is_shown_or_logged(
    room: Room, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    line = sources.test(room.db, room.kit, "heard")
    assert len(line) > 10
    platform.broken = says({"error": {"code": 401, "message": "who are you"}}, 401)
    room.poll()
    with room.db.read() as session:
        account = session.scalars(select(Account)).one()
        row = session.get_one(Source, room.source_id)
        shown = f"{account.options} {account.identity} {account.secrets} {account.limits} {row.error} {row.hint} {line}"
    for option, value in platform.settings().items():
        if option in {
            "private_key",
            "service_account",
            "api_key",
            "api_secret",
            "client_secret",
            "refresh_token",
        }:
            assert value not in shown + caplog.text
            assert value[-40:] not in shown + caplog.text


@pytest.mark.parametrize("name", sorted(KEYLESS & set(PLATFORMS)))
def test_without_a_key_answers_go_by_hand_and_the_reason_is_said(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    row = room.stored()[said.id]
    assert row.reply_mode == "link"
    assert row.reply_reason
    with pytest.raises(ChannelError):
        room.channel().reply(room.post(said.id), "We are on it.", key="k1")
