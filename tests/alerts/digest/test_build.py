from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from alerts.digest import build
from alerts.digest.data import DigestData
from alerts.models import Incident, Person
from listener.db import Database
from listener.models import Hit, Poll
from tests.alerts import brand_week as week

DAY = date(2026, 11, 24)  # a Tuesday
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


def told(session: Session, person: Person, kind: str = "daily", day: date = DAY) -> DigestData:
    return build(session, person, kind, day, at=AT)  # type: ignore[arg-type]


def test_mentions_and_the_share_of_negatives_against_the_day_before(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        mia = week.person(session)
        for sentiment in ("negative", "negative", "neutral", "positive", None):
            week.mention(session, acme, NOON, sentiment=sentiment)
        week.mention(session, acme, NOON - timedelta(days=1), sentiment="negative")
        data = told(session, mia)
    assert (data.total.mentions, data.total.scored, data.total.negative, data.total.share) == (5, 4, 2, 0.5)
    assert (data.before.mentions, data.before.share) == (1, 1.0)
    assert data.brands == ("Acme",)


@pytest.mark.parametrize(
    ("zone", "counted"),
    [("UTC", 2), ("Asia/Jerusalem", 1), ("America/Los_Angeles", 2), ("Pacific/Kiritimati", 0)],
)
def test_the_day_is_the_readers(db: Database, zone: str, counted: int) -> None:
    with db.work() as session:
        acme = week.brand(session)
        week.mention(session, acme, NOON)
        week.mention(session, acme, datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
        assert told(session, week.person(session, timezone=zone)).total.mentions == counted


def test_a_night_of_changing_clocks_counts_every_post_once(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        mia = week.person(session, timezone="Europe/Berlin")
        begin = datetime(2026, 10, 23, 22, tzinfo=UTC)
        for hour in range(24 + 25 + 24):
            week.mention(session, acme, begin + timedelta(hours=hour, minutes=30))
        counts = [
            build(session, mia, "daily", date(2026, 10, day), at=AT).total.mentions
            for day in (23, 24, 25, 26, 27)
        ]
    assert counts == [0, 24, 25, 24, 0]


def test_one_post_heard_twice_or_for_two_brands_counts_once_in_all(db: Database) -> None:
    with db.work() as session:
        acme, other = week.brand(session), week.brand(session, "Zenith", kind="feed")
        heard = week.mention(session, acme, NOON)
        session.add(Hit(mention_id=heard.id, source_id=week.source_of(session, other).id, brand_id=other.id))
        session.flush()
        data = told(session, week.person(session))
    assert data.total.mentions == 1
    assert [(row.brand, row.counts.mentions) for row in data.rows] == [("Acme", 1), ("Zenith", 1)]


def test_only_the_newest_score_of_the_newest_text_counts(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        heard = week.mention(session, acme, NOON, sentiment="negative")
        week.score(session, heard, sentiment="positive", model="m2")
        edited = week.mention(session, acme, NOON, sentiment="negative")
        edited.revision = 2  # not scored yet
        session.flush()
        data = told(session, week.person(session))
    assert (data.total.mentions, data.total.scored, data.total.negative) == (2, 1, 0)


def test_deleted_posts_do_not_count_and_are_not_shown(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        week.mention(session, acme, NOON, gone_at=AT)
        alert = week.alert(session, acme, NOON, level=3)
        data = told(session, week.person(session))
        assert [row.id for row in data.waiting.worst] == [alert.id]
        from listener.models import Mention

        session.get_one(Mention, alert.latest_mention_id).gone_at = AT
        session.flush()
        data = told(session, week.person(session, "leo@example.test"))
    assert data.total.mentions == 0
    assert data.waiting.worst == ()


def test_late_posts_are_said_and_a_post_from_the_future_counts_when_heard(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        week.mention(session, acme, NOON - timedelta(days=3), collected=NOON)
        week.mention(session, acme, NOON - timedelta(days=3), collected=NOON, history=True)
        week.mention(session, acme, datetime(2099, 1, 1, tzinfo=UTC), collected=NOON)
        data = told(session, week.person(session))
    assert (data.late, data.total.mentions) == (1, 1)


def test_a_reader_sees_only_their_brands_and_only_ours(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        secret = week.brand(session, "Secret")
        rival = week.brand(session, "Rival", own=False)
        for one in (acme, secret, rival):
            week.mention(session, one, NOON)
            week.alert(session, one, NOON, level=3, text=f"about {one.name}")
        incident = Incident(brand_id=secret.id, title="secret trouble", category="outage_network")
        session.add(incident)
        session.flush()
        for _ in range(2):
            week.alert(session, secret, NOON, incident_id=incident.id)
        week.polls(session, week.source_of(session, acme), AT - timedelta(days=2), AT)
        data = told(session, week.person(session, brands=[acme]))
    assert data.brands == ("Acme",)
    assert (data.total.mentions, data.answers.alerts, data.waiting.alerts) == (2, 1, 1)
    assert [row.text for row in data.waiting.worst] == ["about Acme"]
    assert {row.brand for row in data.rows} == {"Acme"}
    assert data.incidents == ()
    assert {gap.source for gap in data.coverage.gaps} == set()


def test_how_alerts_were_answered(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        for minutes in (10, 20, 90):
            week.alert(
                session,
                acme,
                NOON,
                answered=NOON + timedelta(minutes=minutes),
                due=NOON + timedelta(minutes=60),
            )
        week.alert(session, acme, NOON, level=3, due=NOON + timedelta(minutes=15))
        week.alert(session, acme, NOON, due=AT + timedelta(hours=1))
        week.alert(session, acme, NOON, kind="watch")
        data = told(session, week.person(session))
    assert data.answers.levels == {0: 0, 1: 0, 2: 4, 3: 1}
    assert (data.answers.alerts, data.answers.answered) == (5, 3)
    assert data.answers.first_response.median == timedelta(minutes=20)
    assert (data.answers.on_time, data.answers.measured) == (2, 4)
    assert (data.waiting.alerts, data.waiting.overdue, data.waiting.critical) == (2, 1, 1)
    assert data.waiting.worst[0].level == 3
    assert data.waiting.worst[0].over == AT - NOON - timedelta(minutes=15)


def test_incidents_of_the_period_by_size(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        sizes = {"small": 2, "large": 4, "single": 1}
        for title, size in sizes.items():
            incident = Incident(brand_id=acme.id, title=title, category="outage_network")
            session.add(incident)
            session.flush()
            for _ in range(size):
                week.alert(session, acme, NOON, incident_id=incident.id)
        data = told(session, week.person(session))
    assert [(one.title, one.alerts) for one in data.incidents] == [("large", 4), ("small", 2)]


def test_the_week_is_the_iso_week_and_the_chart_its_days(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        for day in range(14):
            for _ in range(day + 1):
                week.mention(session, acme, datetime(2026, 11, 9 + day, 12, tzinfo=UTC), sentiment="negative")
        data = told(session, week.person(session), "weekly", date(2026, 11, 18))
    assert (data.period.start, data.period.last) == (date(2026, 11, 16), date(2026, 11, 22))
    assert data.total.mentions == sum(range(8, 15))
    assert data.before.mentions == sum(range(1, 8))
    assert [day.counts.mentions for day in data.days] == list(range(8, 15))


def test_quiet_is_quiet_only_while_we_listened(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        source = week.source_of(session, acme)
        mia = week.person(session)
        begin = datetime(2026, 11, 24, tzinfo=UTC)
        week.polls(session, source, begin, begin + timedelta(days=1))
        data = told(session, mia)
        assert (data.quiet, data.coverage.gaps, data.coverage.polls) == (True, (), 288)
        assert told(session, mia, day=DAY - timedelta(days=1)).quiet is False  # nobody listened that day


def test_gaps_name_the_source_and_its_hours(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        source = week.source_of(session, acme)
        begin = datetime(2026, 11, 24, tzinfo=UTC)
        week.polls(session, source, begin, begin + timedelta(hours=9))
        week.polls(session, source, begin + timedelta(hours=9), begin + timedelta(hours=14), error="HTTP 500")
        week.polls(session, source, begin + timedelta(hours=14), begin + timedelta(days=1))
        (gap,) = told(session, week.person(session)).coverage.gaps
    assert gap.source == "Acme mastodon"
    assert gap.since == begin + timedelta(hours=8, minutes=55)
    assert gap.until == begin + timedelta(hours=14)


def test_a_stop_of_minutes_is_no_gap_and_a_walk_that_did_not_end_is(db: Database) -> None:
    begin = datetime(2026, 11, 24, tzinfo=UTC)
    with db.work() as session:
        acme, zenith = week.brand(session), week.brand(session, "Zenith", kind="feed")
        source = week.source_of(session, acme)
        week.polls(session, source, begin, begin + timedelta(hours=9))
        week.polls(session, source, begin + timedelta(hours=9, minutes=9), AT)
        other = week.source_of(session, zenith)
        week.polls(session, other, begin, begin + timedelta(hours=23, minutes=40))
        for late in (begin + timedelta(hours=23, minutes=45), begin + timedelta(days=1)):
            session.add(
                Poll(source_id=other.id, started_at=late, ended_at=late, fetched=4000, truncated=True)
            )
        session.flush()
        coverage = told(session, week.person(session)).coverage
    assert [(gap.source, gap.truncated, gap.healed) for gap in coverage.gaps] == [
        ("Zenith feed", True, False)
    ]
    assert (coverage.silent, coverage.healed, coverage.alarming) == (1, 0, True)


def test_what_was_healed_is_told_and_is_not_missing(db: Database) -> None:
    begin = datetime(2026, 11, 24, tzinfo=UTC)
    with db.work() as session:
        source = week.source_of(session, week.brand(session))
        week.polls(session, source, begin, begin + timedelta(hours=14, minutes=10))
        week.polls(session, source, begin + timedelta(hours=14, minutes=40), AT)
        data = told(session, week.person(session))
    (gap,) = data.coverage.gaps
    assert (gap.channel, gap.since, gap.until) == (
        "mastodon", begin + timedelta(hours=14, minutes=5), begin + timedelta(hours=14, minutes=40),
    )  # fmt: skip
    assert (gap.healed, data.coverage.silent, data.coverage.healed) == (True, 0, 1)
    assert data.quiet  # half an hour that was read afterwards is no reason for a mail by itself


def test_a_gap_is_followed_until_it_was_healed_the_next_day(db: Database) -> None:
    begin = datetime(2026, 11, 24, tzinfo=UTC)
    healed = begin + timedelta(days=1, minutes=20)
    with db.work() as session:
        source = week.source_of(session, week.brand(session))
        week.polls(session, source, begin, begin + timedelta(hours=23, minutes=30))
        week.polls(session, source, healed, AT)
        coverage = told(session, week.person(session)).coverage
    (gap,) = coverage.gaps
    assert (gap.since, gap.until) == (begin + timedelta(hours=23, minutes=25), healed)
    assert coverage.polls == 282  # those of the day alone


def test_paused_and_pushed_sources_are_not_expected_to_be_polled(db: Database) -> None:
    with db.work() as session:
        hook, paused = week.brand(session, "Acme", kind="webhook"), week.brand(session, "Zenith")
        week.source_of(session, paused).state = "paused"
        session.flush()
        data = told(session, week.person(session))
    assert hook.id
    assert (data.coverage.sources, data.quiet) == (0, True)
