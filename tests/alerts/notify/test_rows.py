from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from alerts import notify
from alerts.models import Delivery
from listener.db import Database
from listener.models import Account, Source
from tests.alerts import brand_week as week

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHAT = "json://127.0.0.1:9/hook?token=very-secret"


def rows(db: Database) -> list[Delivery]:
    with db.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def test_a_critical_alert_is_told_to_everybody_who_may_see_it_and_wants_to_know(db: Database) -> None:
    with db.work() as session:
        acme, zenith = week.brand(session), week.brand(session, "Zenith", kind="feed")
        for email, fields in {
            "all@example.test": {},
            "acme@example.test": {"brands": [acme], "role": "agent"},
            "zenith@example.test": {"brands": [zenith]},
            "quiet@example.test": {"notify": False},
            "gone@example.test": {"active": False},
        }.items():
            week.person(session, email, **fields)
        critical = week.alert(session, acme, NOON, level=3).id
        high = week.alert(session, acme, NOON, level=2).id
        answered = week.alert(session, acme, NOON, level=3, answered=NOON).id
    assert notify.raised(db, [critical, high, answered], apprise_urls=[CHAT]) == 3
    assert notify.raised(db, [critical, high, answered], apprise_urls=[CHAT]) == 0
    with db.read() as session:
        people = [session.get(week.Person, row.person_id) for row in rows(db) if row.person_id]
    assert [person.email for person in people if person] == ["all@example.test", "acme@example.test"]
    assert [row.target for row in rows(db)] == ["mail", "mail", "apprise"]
    assert "very-secret" not in repr([(row.key, row.data) for row in rows(db)])


def test_a_broken_source_is_told_once_per_breakage_to_those_who_can_mend_it(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        admin = week.person(session, "admin@example.test", role="admin").id
        week.person(session, "agent@example.test", role="agent")
        source = week.source_of(session, acme)
        source.state, source.failing_since, source.error = "attention", NOON, "401"
    for hour in (1, 2, 30):
        notify.attention(db, at=NOON + timedelta(hours=hour))
    assert [(row.kind, row.person_id) for row in rows(db)] == [("attention", admin)]
    with db.work() as session:  # mended, and broken again the next day
        source = week.source_of(session, acme)
        source.failing_since = NOON + timedelta(days=1)
    assert notify.attention(db, at=NOON + timedelta(days=1, hours=1)) == 1


def test_a_broken_account_is_told_once_for_all_its_sources(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        week.person(session, "admin@example.test", role="admin")
        first = week.source_of(session, acme)
        first.state, first.failing_since, first.error = "attention", NOON, "revoked"
        session.get_one(Account, first.account_id).health = "attention"
        for minute in (1, 2):
            session.add(
                Source(
                    account_id=first.account_id, brand_id=acme.id, name=f"more {minute}", kind=first.kind,
                    state="attention", failing_since=NOON + timedelta(minutes=minute), error="revoked",
                )
            )  # fmt: skip
    assert notify.attention(db, at=NOON + timedelta(hours=1)) == 1
    assert notify.attention(db, at=NOON + timedelta(hours=2)) == 0
    with db.work() as session:  # the account is well again, one of its sources is not
        session.get_one(Account, week.source_of(session, acme).account_id).health = "ok"
    assert notify.attention(db, at=NOON + timedelta(hours=3)) == 3


def test_what_may_pass_by_itself_is_told_after_hours(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        week.person(session, role="admin")
        week.source_of(session, acme).failing_since = NOON
    assert notify.attention(db, at=NOON + timedelta(hours=5)) == 0
    assert notify.attention(db, at=NOON + timedelta(hours=7)) == 1


def test_nothing_raised_nothing_written(db: Database) -> None:
    assert notify.raised(db, []) == 0
    assert rows(db) == []
