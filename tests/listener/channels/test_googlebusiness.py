"""Google Business Profile: what is its own; the rest is in test_reviews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listener.channels.base import Attempt, Sent
from listener.channels.googlebusiness.posts import original, post_of
from listener.db import Database
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Source
from listener.sources import SourceError, parse_options
from tests.listener.channels.googlebusiness_room import LOCATION, Profile
from tests.listener.channels.review_room import Room, says
from tests.listener.web_room import Site


@pytest.fixture
def profile(site: Site) -> Profile:
    return Profile(site)


@pytest.fixture
def room(sqlite_db: Database, kit: Ground, profile: Profile) -> Room:
    return Room(sqlite_db, kit, profile).open()


def test_stars_without_words_are_heard(room: Room, profile: Profile) -> None:
    said = profile.publish("", rating=1)
    room.hear()
    row = room.stored()[said.id]
    assert (row.text, row.rating, row.rating_scale) == ("", 1.0, 5)


def test_an_old_review_that_was_edited_comes_up_again(room: Room, profile: Profile) -> None:
    old = profile.publish("acme is fine", minutes=90 * 24 * 60, rating=5)
    profile.many(20, minutes=30)
    profile.many(20, minutes=30 * 60)
    room.hear()
    assert old.id not in room.stored()
    old.text, old.rating, old.at = "acme is broken", 1, datetime.now(UTC)
    assert room.hear().new == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(Translated by Google) Very good\n\n(Original)\nTrès bien", "Très bien"),
        ("Très bien\n\n(Translated by Google)\nVery good", "Très bien"),
        ("Plain words", "Plain words"),
        ("(Translated by Google) only", "(Translated by Google) only"),
    ],
)
def test_googles_own_translation_is_left_out(text: str, said: str) -> None:
    assert original(text) == said


def test_an_answer_waits_for_googles_look(room: Room, profile: Profile) -> None:
    said = profile.publish()
    room.hear()
    assert room.channel().reply(room.post(said.id), "We are on it.", key="k").pending
    profile.state = "APPROVED"
    found = room.channel().find(Attempt(room.post(said.id), "We are on it.", "k", datetime.now(UTC)))
    assert isinstance(found, Sent)
    assert not found.pending


def test_a_rejected_answer_is_no_answer_and_the_reason_is_told(room: Room, profile: Profile) -> None:
    said = profile.publish(answer="Call 0123", answered_at=datetime.now(UTC))
    profile.state, profile.violation = "REJECTED", "CONTACT_INFORMATION"
    room.hear()
    row = room.stored()[said.id]
    assert row.existing_reply is None
    assert "CONTACT_INFORMATION" in (row.reply_reason or "")
    with pytest.raises(ChannelError, match="CONTACT_INFORMATION") as raised:
        room.channel().reply(room.post(said.id), "Call 0123 again", key="k")
    assert raised.value.permanent


def test_the_length_is_counted_in_bytes(room: Room, profile: Profile) -> None:
    said = profile.publish()
    room.hear()
    channel = room.channel()
    assert channel.limits().measure("é👩") == 6
    with pytest.raises(ChannelError, match="bytes"):
        channel.reply(room.post(said.id), "é" * 2049, key="k")
    assert profile.posted == []
    channel.reply(room.post(said.id), "é" * 2048, key="k")


def test_a_project_that_was_not_approved_needs_a_person(room: Room, profile: Profile) -> None:
    room.poll()
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
    error = {"code": 403, "message": "it is off", "status": "PERMISSION_DENIED", "details": details}
    profile.broken = says({"error": error}, 403)
    room.poll()
    assert "Enable the API" in (room.poll().hint or "")
    with room.db.read() as session:
        assert session.get_one(Source, room.source_id).state == "attention"


def test_pictures_and_an_edit_are_kept() -> None:
    at = datetime(2026, 11, 25, 7, tzinfo=UTC)
    review = {
        "reviewId": "r", "starRating": "FOUR", "comment": "ok", "createTime": at.isoformat(),
        "updateTime": (at + timedelta(hours=2)).isoformat(),
        "reviewMediaItems": [{"thumbnailUrl": "https://pictures.example.test/1"}],
    }  # fmt: skip
    post, answer = post_of(review, LOCATION)
    assert (post.rating, post.edited_at, answer) == (4.0, at + timedelta(hours=2), None)
    assert [item["url"] for item in post.media] == ["https://pictures.example.test/1"]


@pytest.mark.parametrize("location", ["22", "locations/22", "accounts/1/locations/2/reviews"])
def test_a_place_needs_its_whole_name(location: str) -> None:
    given = {"location": location, "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    with pytest.raises(SourceError, match="location"):
        parse_options("googlebusiness", given)
