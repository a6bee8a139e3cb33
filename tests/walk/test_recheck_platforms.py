"""Re-checks through the real channels: an answer given elsewhere stops the clock, a rewritten review comes again, a
deleted one leaves no words; and on X, where each post read is paid for, within the day's budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from alerts import closing, rechecks
from alerts.models import Alert, Reply
from alerts.triage import triage
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention, Reading, Source
from sentiment.models import Score
from tests.factories import score
from tests.listener.channels.review_platforms import ONE_ANSWER, PLATFORMS, REPLIES
from tests.listener.channels.review_room import Platform, Room
from tests.listener.channels.x_room import TinyX
from tests.listener.channels.x_scene import hear, listen_to, stored
from tests.listener.rooms import ground, no_tokens
from tests.listener.web_room import Site, site

__all__ = ["no_tokens", "site"]


@pytest.fixture
def kit() -> Ground:
    return ground()


@pytest.fixture
def platform(name: str, site: Site) -> Platform:
    return PLATFORMS[name](site)


@pytest.fixture
def room(sqlite_db: Database, kit: Ground, platform: Platform) -> Room:
    return Room(sqlite_db, kit, platform).open()


def scored(db: Database) -> None:
    """Stand for the model: whatever waits is an urgent complaint."""
    with db.work() as session:
        for row in session.scalars(select(Mention).where(Mention.stage == "collected")):
            made: Score = score(row.id, "en", "negative", 2, "delivery_delay", True, ["slow"])
            made.revision = row.revision
            session.add(made)
            row.stage = "scored"
    while triage(db) is not None:
        pass


def look(db: Database, kit: Ground) -> list[rechecks.run_.Outcome]:
    """Look at everything, a quarter of an hour later."""
    with db.work() as session:
        past = now() - timedelta(minutes=1)
        session.execute(update(Mention).where(Mention.gone_at.is_(None)).values(recheck_at=past))
        session.execute(update(Source).values(recheck_after=None))
    outcomes = [rechecks.run(db, kit, source_id) for source_id in rechecks.due(db)]
    closing.gone(db)
    triage(db)
    return outcomes


def alerts(db: Database) -> list[Alert]:
    with db.read() as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


@pytest.mark.parametrize("name", ONE_ANSWER)
def test_an_answer_given_elsewhere_stops_the_clock_and_shows(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    scored(room.db)
    (alert,) = alerts(room.db)
    assert (alert.state, alert.first_response_at) == ("open", None)
    review = platform.one(said.id)
    assert review is not None
    review.answer, review.answered_at = "Please call us.", datetime.now(UTC)
    (outcome,) = look(room.db, room.kit)
    assert (outcome.error, outcome.kept.own) == (None, 1)
    (alert,) = alerts(room.db)
    assert alert.state == "answered"
    assert alert.first_response_at is not None
    assert room.stored()[said.id].existing_reply == "Please call us."
    with room.db.read() as session:
        (answer,) = session.scalars(select(Reply))
    assert (answer.origin, answer.text) == ("native", "Please call us.")
    look(room.db, room.kit)  # seen again, and known
    with room.db.read() as session:
        assert len(session.scalars(select(Reply.id)).all()) == 1


@pytest.mark.parametrize("name", REPLIES)
def test_a_rewritten_review_comes_again_and_a_deleted_one_leaves_no_words(
    room: Room, platform: Platform
) -> None:
    kept, gone = platform.publish("acme is slow today"), platform.publish("acme is rude today", author="Bob")
    room.hear()
    scored(room.db)
    kept.text = "acme is slow and broken"
    platform.reviews.remove(gone)
    (outcome,) = look(room.db, room.kit)
    assert (outcome.error, outcome.kept.updated, outcome.kept.gone) == (None, 1, 1)
    rows = room.stored()
    assert (rows[kept.id].text, rows[kept.id].revision) == ("acme is slow and broken", 2)
    assert rows[kept.id].stage == "collected"
    assert rows[kept.id].edited_at is not None
    assert (rows[gone.id].text, rows[gone.id].gone_at is not None) == ("", True)
    closed = {alert.mention_id: alert for alert in alerts(room.db)}[rows[gone.id].id]
    assert (closed.state, closed.resolution, closed.text) == ("closed", "gone", "")
    scored(room.db)
    shown = {alert.mention_id: alert for alert in alerts(room.db)}[rows[kept.id].id]
    assert shown.state == "open"
    assert shown.text.endswith("acme is slow and broken")


@pytest.mark.parametrize("name", sorted(set(PLATFORMS) - set(REPLIES) - {"youtube-key", "trustpilot-public"}))
def test_what_only_a_page_shows_is_left_as_it_is(room: Room, platform: Platform) -> None:
    said = platform.publish()
    room.hear()
    asked = len(platform.site.asked)
    platform.reviews.clear()
    (outcome,) = look(room.db, room.kit)
    assert outcome.error is None
    assert room.stored()[said.id].text
    assert len(platform.site.asked) == asked


def test_on_x_a_look_costs_one_read_a_post_and_day_within_the_budget(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    tiny = TinyX(site)
    names = [tiny.publish(f"@acme help {number}", minutes=60 * 26, by=f"p{number}") for number in range(30)]
    source_id = listen_to(sqlite_db, kit, tiny, reads_per_day="200")
    with sqlite_db.work() as session:
        source = session.get_one(Source, source_id)
        source.options = {**source.options, "since": (now() - timedelta(days=2)).isoformat()}
    hear(sqlite_db, kit, source_id)
    assert set(names) == set(stored(sqlite_db))
    with sqlite_db.work() as session:  # it was yesterday, and the first of them is what somebody works on
        session.execute(update(Mention).values(collected_at=now() - timedelta(days=1)))
        session.execute(update(Reading).values(day=(now() - timedelta(days=1)).date()))
    scored(sqlite_db)
    with sqlite_db.work() as session:
        session.execute(update(Alert).where(Alert.mention_id != 1).values(state="answered"))
        session.add(Reading(source_id=source_id, day=now().date(), purpose="poll", reads=195))
    before = len(site.asked)
    (outcome,) = look(sqlite_db, kit)
    assert (outcome.error, outcome.asked) == (None, 5)
    looked = [asked for asked in site.asked[before:] if asked.path == "/2/tweets"]
    assert looked[0].query["ids"].split(",")[0] == next(
        row.external_id for row in stored(sqlite_db).values() if row.id == 1
    )
    with sqlite_db.read() as session:
        spent = session.scalars(
            select(Reading.reads).where(Reading.purpose == "recheck", Reading.day == now().date())
        ).all()
    assert list(spent) == [5]
    (again,) = look(sqlite_db, kit)
    assert again.asked == 5  # they were paid for today; the others wait for the new day
    with sqlite_db.read() as session:
        assert session.scalar(select(Reading.reads).where(Reading.purpose == "recheck")) == 5
