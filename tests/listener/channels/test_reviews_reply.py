"""Answering a review: one answer each, none replaced unseen, found when the call was unclear."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from listener import sources
from listener.channels.base import Absent, Attempt, Gone, Post, ReplyMode, Sent, Unsure
from listener.db import Database
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Account, OwnPost, Source
from tests.listener.channels.review_platforms import KEYLESS, PLATFORMS
from tests.listener.channels.review_room import Platform, Room, says
from tests.listener.channels.reviews_scene import each, each_that_replies, each_with_one_answer
from tests.listener.web_room import Answer, Site


@pytest.fixture
def platform(name: str, site: Site) -> Platform:
    return PLATFORMS[name](site)


@pytest.fixture
def room(sqlite_db: Database, kit: Ground, platform: Platform) -> Room:
    return Room(sqlite_db, kit, platform).open()


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
