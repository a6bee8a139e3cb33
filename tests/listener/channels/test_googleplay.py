"""Google Play: what is its own; the rest is in test_reviews. The recorded review where it is present."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.channels.base import Attempt, Gone, Post, Unsure
from listener.channels.googleplay.posts import post_of
from listener.db import Database
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Source
from listener.sources import SourceError, parse_options
from tests.listener.channels.googleplay_room import PACKAGE, Page, Publisher
from tests.listener.channels.review_room import Room, says
from tests.listener.web_room import Answer, Asked, Site


def test_the_recorded_review_becomes_a_post_with_its_answer(recorded: Path) -> None:
    (review,) = json.loads((recorded / "googleplay" / "reviews_page_recorded.json").read_text())["reviews"]
    post, answer = post_of(review, PACKAGE)
    said = review["comments"][0]["userComment"]
    assert (post.id, post.text, post.rating) == (review["reviewId"], said["text"], 3.0)
    assert (post.language, post.extra["app_version"]) == ("en", "20161122")
    assert post.posted_at == datetime.fromtimestamp(1486482936, UTC)
    assert answer is not None
    assert post.existing_reply == answer.text == review["comments"][1]["developerComment"]["text"]


def test_the_recorded_page_is_stored(sqlite_db: Database, kit: Ground, site: Site, recorded: Path) -> None:
    platform = Publisher(site)
    room = Room(sqlite_db, kit, platform).open()
    body = (recorded / "googleplay" / "reviews_page_recorded.json").read_text()
    platform.answer = lambda asked: platform.grant(asked) if asked.path == "/token" else Answer(body)  # type: ignore[method-assign]
    assert room.poll().new == 1


def test_a_title_before_a_tab_is_a_title() -> None:
    comment = {"userComment": {"text": "Broken\tIt never starts", "starRating": 1}}
    post, _ = post_of({"reviewId": "r", "comments": [comment]}, PACKAGE)
    assert (post.title, post.text) == ("Broken", "It never starts")


def test_one_token_serves_many_polls_and_a_refused_one_is_renewed(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    platform = Publisher(site)
    room = Room(sqlite_db, kit, platform).open()
    for _ in range(3):
        assert room.poll().error is None
    assert platform.tokens == 1
    platform.tokens = 7  # what we hold is no longer good
    assert room.poll().error is not None
    assert room.poll().error is None


def test_revoked_credentials_need_a_person(sqlite_db: Database, kit: Ground, site: Site) -> None:
    platform = Publisher(site)
    room = Room(sqlite_db, kit, platform).open()
    plain = platform.answer

    def refuse(asked: Asked) -> Answer:
        return (
            says({"error": "invalid_grant", "error_description": "no"}, 400)
            if asked.path == "/token"
            else plain(asked)
        )

    platform.answer = refuse  # type: ignore[method-assign]
    for _ in range(2):
        assert "credentials" in (room.poll().error or "")
    with room.db.read() as session:
        assert session.get_one(Source, room.source_id).state == "attention"


def test_a_reply_whose_token_could_not_be_had_was_not_sent(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    platform = Publisher(site)
    room = Room(sqlite_db, kit, platform).open()
    said = platform.publish()
    room.hear()
    platform.broken = says({"error": {"code": 401, "message": "no"}}, 401)
    room.poll()  # the token is forgotten
    platform.broken = Answer(status=503)
    with pytest.raises(ChannelError) as raised:
        room.channel().reply(room.post(said.id), "We are on it.", key="k")
    assert not raised.value.delivered


@pytest.mark.parametrize("status", [403, 429])
def test_a_spent_quota_waits(sqlite_db: Database, kit: Ground, site: Site, status: int) -> None:
    platform = Publisher(site)
    room = Room(sqlite_db, kit, platform).open()
    room.poll()
    error = {
        "code": status,
        "message": "Quota exceeded",
        "errors": [{"domain": "usageLimits", "reason": "quotaExceeded"}],
    }
    platform.broken = says({"error": error}, status)
    assert room.poll().error is not None
    with room.db.read() as session:
        row = session.get_one(Source, room.source_id)
        assert (row.errors, row.state) == (0, "active")
        assert row.not_before is not None


def test_after_a_week_a_review_is_unreadable_and_not_gone(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    platform = Publisher(site)
    room = Room(sqlite_db, kit, platform).open()
    old, young = (
        Post(name, "acme", datetime.now(UTC) - timedelta(days=days), instance=PACKAGE)
        for name, days in (("old", 9), ("young", 1))
    )
    channel = room.channel()
    assert list(channel.refresh([old, young])) == [Gone("young", PACKAGE)]
    assert isinstance(channel.find(Attempt(old, "x", "k", datetime.now(UTC))), Unsure)


def test_a_page_that_changed_is_said_and_nothing_is_invented(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    page = Page(site)
    room = Room(sqlite_db, kit, page).open()
    page.broken = Answer(')]}\'\n\n[["er",null,null,null,null,500]]')
    assert "has changed" in (room.poll().error or "")


def test_the_store_that_is_asked_too_often_is_left_alone(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    page = Page(site)
    room = Room(sqlite_db, kit, page).open()
    page.broken = Answer(")]}'\n\n" + '[["com.google.play.gateway.proto.PlayGatewayError"]]')
    room.poll()
    assert "rate limited" in (room.poll().skipped or "")


def test_each_language_is_read(sqlite_db: Database, kit: Ground, site: Site) -> None:
    room = Room(sqlite_db, kit, Page(site)).open(languages="fr,he", country="IL")
    room.poll()
    assert [(asked.query["hl"], asked.query["gl"]) for asked in site.asked] == [("fr", "il"), ("he", "il")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"package_name": "acme"}, "no package"),
        ({"package_name": "https://example.test/?id=com.example.acme"}, "no package"),
        ({"country": "france"}, "country code"),
        ({"service_account": "/etc/key.json"}, "is not JSON"),
        ({"service_account": "{}"}, "client_email"),
        ({"service_account": '{"client_email": "a", "private_key": "b"}'}, "cannot be read"),
    ],
)
def test_what_does_not_fit_is_said(given: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_options("googleplay", {"package_name": PACKAGE} | given)


def test_an_app_may_be_given_by_its_address() -> None:
    address = f"https://play.google.com/store/apps/details?hl=fr&id={PACKAGE}&gl=FR"
    assert parse_options("googleplay", {"package_name": address}).package_name == PACKAGE  # type: ignore[attr-defined]


def test_the_address_of_the_token_follows_the_key_file_or_the_api(kit: Ground) -> None:
    from listener.google import TOKEN_URL, token_url

    usual = "https://androidpublisher.googleapis.com"
    assert token_url(None, usual, usual, TOKEN_URL) == TOKEN_URL
    assert token_url(None, "http://127.0.0.1:9", usual, TOKEN_URL) == "http://127.0.0.1:9/token"
    assert token_url(None, usual, usual, "https://id.example.test/t") == "https://id.example.test/t"
    assert token_url("https://a.example.test", usual, usual, None) == "https://a.example.test"


@pytest.mark.parametrize("run", ["first", "second"])
def test_no_token_of_another_test_is_used(kit: Ground, run: str) -> None:
    from listener import tokens

    assert tokens.access_token("test_no_token_of_another_test", lambda: tokens.Granted(run)) == run
