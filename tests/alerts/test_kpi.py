from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from alerts.kpi import Kpi, kpi, spread
from alerts.models import Alert, Reply
from listener.db import Database
from tests.alerts import brand_week as week

BEGIN = datetime(2026, 11, 16, tzinfo=UTC)
END = BEGIN + timedelta(days=7)
NOON = BEGIN + timedelta(hours=12)
AT = END + timedelta(days=1)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def reply(alert: Alert, sent: datetime, state: str = "sent", key: str = "x") -> Reply:
    return Reply(
        mention_id=alert.mention_id, alert_id=alert.id, state=state, text="again", key=f"{alert.id}-{key}",
        created_at=sent, approved_at=sent, sent_at=sent,
    )  # fmt: skip


def test_first_response_is_from_the_post_to_the_first_answer(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        for wait in (10, 30, 90, 120):
            week.alert(session, acme, NOON, answered=NOON + minutes(wait), due=NOON + minutes(60))
        week.alert(session, acme, NOON, due=NOON + minutes(60))  # nobody has answered, and it is late
        week.alert(session, acme, NOON, due=AT + minutes(1))  # not answered, not late yet
        found = kpi(session, None, BEGIN, END, at=AT).total
    assert (found.alerts, found.answered) == (6, 4)
    assert found.first_response.median == minutes(60)
    assert found.first_response.p90 == minutes(120)
    assert (found.on_time, found.measured, found.on_time_share) == (2, 5, 0.4)


def test_the_span_is_that_of_the_customers_post(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        for at in (BEGIN - minutes(1), BEGIN, END - minutes(1), END):
            week.alert(session, acme, at, answered=END + minutes(5))
        assert kpi(session, None, BEGIN, END, at=AT).total.alerts == 2


def test_resolution_and_first_contact(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        done = {"state": "closed", "resolution": "resolved"}
        once = week.alert(
            session, acme, NOON, answered=NOON + minutes(5), closed_at=NOON + minutes(60), **done
        )
        twice = week.alert(
            session, acme, NOON, answered=NOON + minutes(5), closed_at=NOON + minutes(120), **done
        )
        session.add(reply(twice, NOON + minutes(50)))
        session.add(reply(once, NOON + minutes(50), state="failed"))  # never reached the customer
        week.alert(
            session, acme, NOON, answered=NOON + minutes(5), closed_at=NOON + minutes(180), reopened=1, **done
        )
        week.alert(session, acme, NOON, closed_at=NOON + minutes(1), **done)  # closed without a word
        week.alert(session, acme, NOON, state="closed", resolution="spam", closed_at=NOON + minutes(1))
        session.flush()
        found = kpi(session, None, BEGIN, END, at=AT).total
    assert (found.resolved, found.resolved_answered, found.resolved_first) == (4, 3, 1)
    assert found.first_contact_share == 1 / 3
    assert found.resolution.median == minutes(90)


def test_groups_by_channel_brand_and_agent(db: Database) -> None:
    with db.work() as session:
        acme, zenith = week.brand(session), week.brand(session, "Zenith", kind="feed")
        ann = week.person(session, "ann@example.test", name="Ann", role="agent")
        bob = week.person(session, "bob@example.test", name="", role="agent")
        week.alert(session, acme, NOON, answered=NOON + minutes(10), by=ann)
        week.alert(session, acme, NOON, answered=NOON + minutes(20), by=bob, channel="feed")
        week.alert(session, zenith, NOON, channel="feed")
        found = kpi(session, None, BEGIN, END, at=AT)
        limited = kpi(session, {acme.id}, BEGIN, END, at=AT)
        nothing = kpi(session, set(), BEGIN, END, at=AT)
    assert {name: one.alerts for name, one in found.channels.items()} == {"feed": 2, "mastodon": 1}
    assert {name: one.alerts for name, one in found.brands.items()} == {"Acme": 2, "Zenith": 1}
    assert {name: one.first_response.median for name, one in found.agents.items()} == {
        "Ann": minutes(10), "bob@example.test": minutes(20),
    }  # fmt: skip
    assert (limited.total.alerts, list(limited.brands)) == (2, ["Acme"])
    assert nothing.total.alerts == 0


def test_the_lag_is_split_into_its_steps(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        week.alert(
            session, acme, NOON, answered=NOON + minutes(30), opened_at=NOON + minutes(10),
        )  # fmt: skip
        week.alert(session, acme, NOON)
        found = kpi(session, None, BEGIN, END, at=AT)
    assert {step: lag.median for step, lag in found.lags.items()} == {
        "posted-collected": minutes(1),
        "collected-scored": minutes(1),
        "scored-raised": minutes(1),
        "raised-opened": minutes(7),
        "opened-approved": minutes(20),
        "approved-sent": minutes(0),
    }
    assert (found.lags["posted-collected"].count, found.lags["opened-approved"].count) == (2, 1)


def test_clocks_that_differ_and_posts_from_the_future_give_no_negative_time(db: Database) -> None:
    with db.work() as session:
        acme = week.brand(session)
        made = week.alert(session, acme, NOON, answered=NOON + minutes(5))
        made.posted_at = datetime(2099, 1, 1, tzinfo=UTC)
        session.flush()
        found = kpi(session, None, BEGIN, END, at=AT)
    assert found.total.first_response.median == minutes(4)  # from when it was collected
    assert found.lags["posted-collected"].median == minutes(0)


def test_nothing_gives_nothing_and_not_zero(db: Database) -> None:
    with db.read() as session:
        found: Kpi = kpi(session, None, BEGIN, END, at=AT)
    assert found.total.first_response.median is None
    assert (found.total.on_time_share, found.total.first_contact_share) == (None, None)
    assert json.loads(json.dumps(found.as_json()))["total"]["first_response"]["median_seconds"] is None


def test_the_ninetieth_percentile_is_a_length_that_occurred() -> None:
    assert spread(minutes(n) for n in range(1, 11)).p90 == minutes(9)
    assert spread([minutes(7), None]).p90 == minutes(7)
