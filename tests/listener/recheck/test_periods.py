"""How often a post is asked for again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from listener.recheck import periods
from tests.listener.rooms import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(0), HOUR),
        (DAY - timedelta(seconds=1), HOUR),
        (DAY, DAY),
        (7 * DAY - timedelta(seconds=1), DAY),
        (7 * DAY, None),
    ],
)
def test_the_older_the_rarer_and_then_never(age: timedelta, wait: timedelta | None) -> None:
    following = periods.following(NOON, posted_at=NOON - age, collected_at=NOON)
    assert following == (NOON + wait if wait else None)


def test_what_cannot_wait_is_asked_for_every_quarter_of_an_hour_however_old() -> None:
    following = periods.following(NOON, posted_at=NOON - 90 * DAY, collected_at=NOON, pressing=True)
    assert following == NOON + timedelta(minutes=15)


@pytest.mark.parametrize("dated", [NOON + 400 * DAY, NOON - 3 * DAY])
def test_a_post_is_as_old_as_its_date_and_at_most_as_our_knowledge(dated: datetime) -> None:
    following = periods.following(NOON, posted_at=dated, collected_at=NOON - 2 * DAY)
    assert following == NOON + DAY


def test_an_edit_makes_it_young_again_and_a_future_edit_is_now() -> None:
    def following(edited_at: datetime) -> datetime | None:
        old = NOON - 30 * DAY
        return periods.following(NOON, posted_at=old, collected_at=old, edited_at=edited_at)

    assert following(NOON - HOUR) == NOON + HOUR
    assert following(NOON + 300 * DAY) == NOON + HOUR
    assert following(NOON - 20 * DAY) is None


def test_nobody_is_asked_who_cannot_be_or_by_an_id_that_is_ours() -> None:
    assert periods.askable("mastodon", "1")
    assert not periods.askable("feed", "1")
    assert not periods.askable("mastodon", "sha256:00ff")
    assert not periods.askable("no-such-channel", "1")
    assert "mastodon" in periods.refreshing()
    assert not {"feed", "email", "whatsapp", "telegram", "file", "webhook"} & periods.refreshing()
