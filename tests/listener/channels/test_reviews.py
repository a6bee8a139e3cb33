"""Review sites of every kind: each review once, edits, ratings, and what a site refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listener.db import Database
from listener.db import now as db_now
from listener.ground import Ground
from listener.http import Http
from listener.models import Source
from tests.listener.channels.review_platforms import PLATFORMS
from tests.listener.channels.review_room import STRANGE, Platform, Room, says
from tests.listener.channels.reviews_scene import each, each_that_replies
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Asked, Site


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
