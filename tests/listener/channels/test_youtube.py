"""YouTube: what is its own; the rest is in test_reviews. Recorded answers where they are present."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from listener.channels.base import Attempt, Gone, Post, ReplyMode, Sent
from listener.channels.youtube.posts import post_of, posts_of
from listener.db import Database
from listener.errors import ChannelError
from listener.google import until_midnight_pacific
from listener.ground import Ground
from listener.models import OwnPost, Source
from listener.sources import SourceError, parse_options
from tests.listener.channels.review_room import Room, says
from tests.listener.channels.youtube_room import CHANNEL, VIDEO, Key, Tube, refused
from tests.listener.web_room import Answer, Asked, Site

NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def tube(site: Site) -> Tube:
    return Tube(site)


@pytest.fixture
def room(sqlite_db: Database, kit: Ground, tube: Tube) -> Room:
    return Room(sqlite_db, kit, tube).open()


def answered(recorded: Path, name: str) -> Any:
    return json.loads((recorded / "youtube" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name", ["comment_threads_by_channel", "comment_threads_multi", "comment_threads_with_search"]
)
def test_recorded_threads_become_posts(recorded: Path, name: str) -> None:
    for thread in answered(recorded, f"comment_threads__{name}")["items"]:
        (post,) = posts_of(thread, ours=NOBODY, addressed=True)
        said = thread["snippet"]["topLevelComment"]["snippet"]
        assert (post.id, post.thread_id, post.parent_id) == (thread["id"], thread["id"], None)
        assert post.text == said["textOriginal"]
        assert post.posted_at == datetime.fromisoformat(said["publishedAt"])
        assert post.author is not None
        assert post.author.id == said["authorChannelId"]["value"]
        assert post.url is not None
        assert post.extra["can_reply"]


def test_the_recorded_answer_to_an_insert_is_a_reply_of_ours(recorded: Path) -> None:
    comment = answered(recorded, "comments__insert_response")
    ours = frozenset({comment["snippet"]["authorChannelId"]["value"].lower()})
    post = post_of(comment, ours=ours, video="v", addressed=False)
    assert post.own
    assert (post.parent_id, post.text) == ("Ugy_CAftKrIUCyPr9GR4AaABAg", "wow")


def test_the_recorded_refusal_of_a_key_needs_a_person(room: Room, tube: Tube, recorded: Path) -> None:
    room.poll()
    tube.broken = says(answered(recorded, "error_response"), 400)
    room.poll()
    outcome = room.poll()
    assert "api_key" in (outcome.hint or "")
    with room.db.read() as session:
        assert session.get_one(Source, room.source_id).state == "attention"


def test_a_spent_quota_waits_for_midnight_in_california(room: Room, tube: Tube) -> None:
    room.poll()
    tube.broken = refused(403, "quotaExceeded")
    room.poll()
    with room.db.read() as session:
        row = session.get_one(Source, room.source_id)
        assert (row.state, row.errors) == ("active", 0)
        assert row.not_before is not None
        assert abs(row.not_before - datetime.now(UTC) - until_midnight_pacific()) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        (datetime(2026, 11, 25, 7, tzinfo=UTC), 1),
        (datetime(2026, 7, 25, 8, tzinfo=UTC), 23),
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), 24.5),  # the night with 25 hours
    ],
)
def test_midnight_in_california(at: datetime, hours: float) -> None:
    assert until_midnight_pacific(at) == timedelta(hours=hours)


def test_replies_that_come_with_the_thread_are_heard(room: Room, tube: Tube) -> None:
    said = tube.publish("acme is slow", minutes=30)
    reply = tube.comment_under(said, "for me too")
    room.hear()
    row = room.stored()[reply.id]
    assert (row.parent_id, row.thread_id, row.parent_text) == (said.id, said.id, "acme is slow")


def test_a_late_reply_under_an_old_thread_is_heard(
    room: Room, tube: Tube, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tube.publish("acme is slow", minutes=3 * 24 * 60)
    tube.publish()
    tube.many(30, minutes=12 * 60, apart=10)
    room.hear()
    for number in range(9):  # more than come with a thread, on three pages
        tube.comment_under(old, f"for me too {number}")
    room.hear()
    assert not [name for name in room.stored() if name.startswith(f"{old.id}.")]  # not looked for yet
    monkeypatch.setattr("listener.channels.youtube.listening.LOOK_EVERY", timedelta(0))
    assert room.hear().new == 9
    asked = len(tube.site.asked)
    assert room.hear().new == 0
    assert not [
        one for one in tube.site.asked[asked:] if "parentId" in one.query
    ]  # nothing changed, nothing is read


def test_a_look_that_is_cut_goes_on_where_it_was(sqlite_db: Database, tube: Tube) -> None:
    from tests.listener.rooms import ground

    room = Room(sqlite_db, ground(max_pages=6), tube).open()
    tube.inline = 0
    threads = [tube.publish(f"acme {number}", minutes=60 + number) for number in range(8)]
    replies = {tube.comment_under(said, "for me too").id for said in threads}
    first = room.poll()
    assert first.truncated
    assert len(replies & set(room.stored())) == 3  # its share of the pages, each stored with its place
    asked = len(tube.site.asked)
    room.hear()
    assert replies <= set(room.stored())
    again = [one.query["parentId"] for one in tube.site.asked[asked:] if "parentId" in one.query]
    assert len(again) == len(set(again)) == 5


def test_a_first_look_does_not_dig_up_a_weeks_replies(room: Room, tube: Tube) -> None:
    old = tube.publish("acme is slow", minutes=3 * 24 * 60)
    tube.many(20, minutes=25 * 60, apart=10)
    stale = tube.comment_under(old, "for me too", minutes=2 * 24 * 60)
    room.hear()
    assert stale.id not in room.stored()


def test_an_answer_of_a_colleague_is_kept_as_ours(room: Room, tube: Tube) -> None:
    said = tube.publish()
    native = tube.comment_under(said, "We are on it.", author="@acme")
    room.hear()
    with room.db.read() as session:
        (own,) = session.scalars(select(OwnPost)).all()
    assert (own.external_id, own.parent_id) == (native.id, said.id)
    assert native.id not in room.stored()


def test_a_reply_to_a_reply_stands_in_the_thread_and_names_whom_it_answers(room: Room, tube: Tube) -> None:
    said = tube.publish()
    reply = tube.comment_under(said, "for me too", author="@bob")
    room.hear()
    post, channel = room.post(reply.id), room.channel()
    sent = channel.reply(post, "We are on it.", key="k")
    assert tube.posted == [(said.id, "@bob We are on it.")]
    found = channel.find(Attempt(post, "We are on it.", "k", datetime.now(UTC) - timedelta(minutes=2)))
    assert isinstance(found, Sent)
    assert found.id == sent.id
    assert sent.url == f"https://www.youtube.com/watch?v={VIDEO}&lc={sent.id}"


def test_a_closed_thread_is_answered_by_hand(room: Room, tube: Tube) -> None:
    tube.can_reply = False
    said = tube.publish()
    room.hear()
    row = room.stored()[said.id]
    assert (row.reply_mode, room.channel().may_reply(room.post(said.id)).mode) == ("link", ReplyMode.LINK)
    assert "does not let" in (row.reply_reason or "")


@pytest.mark.parametrize("reason", ["parentCommentIsPrivate", "operationNotSupported"])
def test_a_refused_reply_says_why(room: Room, tube: Tube, reason: str) -> None:
    said = tube.publish()
    room.hear()
    tube.after_write = refused(400, reason)
    with pytest.raises(ChannelError) as raised:
        room.channel().reply(room.post(said.id), "We are on it.", key="k")
    assert raised.value.permanent
    assert "thread" in raised.value.hint or "private" in raised.value.hint


def test_videos_are_read_one_by_one_and_only_what_the_query_matches_is_kept(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    key = Key(site)
    room = Room(sqlite_db, kit, key).open(channel_id="", video_ids=f"{VIDEO},deletedvideo,silentvideo")
    kept, other = key.publish("acme is slow"), key.publish("nice song")
    plain = key.answer

    def answer(asked: Asked) -> Answer:
        named = asked.query.get("videoId")
        if named == "deletedvideo":
            return refused(404, "videoNotFound")
        return refused(403, "commentsDisabled") if named == "silentvideo" else plain(asked)

    key.answer = answer  # type: ignore[method-assign]
    outcome = room.poll()
    assert "deletedvideo" in (outcome.error or "")  # said, and the others were read all the same
    assert kept.id in room.stored()
    assert other.id not in room.stored()
    assert not room.stored()[kept.id].addressed_to_us


def test_a_rotated_refresh_token_is_saved(kit: Ground, tube: Tube) -> None:
    saved: list[dict[str, str]] = []
    plain = tube.answer

    def rotate(asked: Asked) -> Answer:
        answer = plain(asked)
        if asked.path == "/token":
            return says(json.loads(answer.body) | {"refresh_token": "the-next-one"})
        return answer

    tube.answer = rotate  # type: ignore[method-assign]
    from listener.channels.youtube import YouTube

    channel = YouTube(parse_options("youtube", tube.settings()), kit.http, saved.append)  # type: ignore[arg-type]
    assert "@acme" in channel.check()
    assert saved == [{"refresh_token": "the-next-one"}]


def test_many_are_re_read_in_few_requests(room: Room, tube: Tube) -> None:
    said = [tube.publish(f"acme {number}") for number in range(120)]
    posts = [Post(one.id, one.text, one.at) for one in said]
    tube.reviews.remove(said[7])
    channel = room.channel()
    asked = len(tube.site.asked)
    found = list(channel.refresh(posts))
    assert len([one for one in tube.site.asked[asked:] if one.path.endswith("/comments")]) == 3
    assert [one.id for one in found if isinstance(one, Gone)] == [said[7].id]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"api_key": "k"}, "channel_id or video_ids"),
        ({"channel_id": CHANNEL}, "api_key"),
        ({"channel_id": CHANNEL, "client_id": "c"}, "belong together"),
        ({"channel_id": "https://youtube.com/@acme", "api_key": "k"}, "is no id"),
    ],
)
def test_what_does_not_fit_is_said(given: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_options("youtube", given)
