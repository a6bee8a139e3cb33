"""Response standards: by level and kind of channel, around the clock or in business hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts import calendars, sla
from alerts.models import Calendar
from tests.alerts.scene import Scene

FRIDAY = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
OFFICE = calendars.parse("UTC", [{"days": [0, 1, 2, 3, 4], "start": "09:00", "end": "17:00"}])


@pytest.mark.parametrize(
    ("level", "channel", "kind", "due"),
    [
        (3, "mastodon", "post", FRIDAY + timedelta(minutes=15)),
        (3, "googleplay", "review", FRIDAY + timedelta(minutes=15)),
        (3, "email", "mail", FRIDAY + timedelta(minutes=15)),
        (2, "mastodon", "post", FRIDAY + timedelta(hours=2)),
        (2, "email", "mail", datetime(2026, 11, 30, 16, 0, tzinfo=UTC)),
        (2, "trustpilot", "review", datetime(2026, 11, 30, 16, 0, tzinfo=UTC)),
        (2, "webhook", "review", datetime(2026, 11, 30, 16, 0, tzinfo=UTC)),
        (1, "x", "post", FRIDAY + timedelta(hours=4)),
        (1, "appstore", "review", FRIDAY + timedelta(hours=24)),
        (0, "x", "post", None),
    ],
)
def test_the_standards(level: int, channel: str, kind: str, due: datetime | None) -> None:
    assert sla.due_at(level, channel, FRIDAY, OFFICE, kind=kind) == due


def test_the_clock_starts_when_the_customer_wrote_but_never_in_the_future() -> None:
    heard = FRIDAY + timedelta(minutes=30)
    assert sla.due_at(3, "x", FRIDAY, OFFICE, collected_at=heard) == FRIDAY + timedelta(minutes=15)
    assert sla.due_at(3, "x", FRIDAY.replace(year=2099), OFFICE, collected_at=heard) == heard + timedelta(
        minutes=15
    )


def test_the_brands_calendar_before_the_default_before_the_week(scene: Scene) -> None:
    with scene.db.read() as session:
        assert sla.hours_of(session, scene.brand_id) == calendars.WEEK
    spans = [{"days": [0], "start": "10:00", "end": "11:00"}]
    with scene.db.work() as session:
        session.add(Calendar(name="all", timezone="Europe/Paris", spans=spans))
    with scene.db.work() as session:
        session.add(Calendar(name="acme", brand_id=scene.brand_id, timezone="Asia/Jerusalem", spans=spans))
    with scene.db.read() as session:
        assert sla.hours_of(session, scene.brand_id).timezone.key == "Asia/Jerusalem"
        assert sla.hours_of(session, scene.other_brand_id).timezone.key == "Europe/Paris"
