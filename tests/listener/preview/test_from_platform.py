"""Trying a query on a platform: X counts for nothing, others show one page; what is billed is booked, nothing kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from listener import budget, preview, sources
from listener.db import Database, now
from listener.errors import ChannelError, ListenerError
from listener.ground import Ground
from listener.models import Mention, Poll, Reading, Source
from listener.query import parse
from tests.listener.channels.x_room import KEYS, TinyX
from tests.listener.channels.x_scene import BEARER, listen_to
from tests.listener.rooms import Parrot, furnish, ground, page, post
from tests.listener.web_room import Site

Say = Callable[..., None]
ACME = [parse("acme")]


@pytest.fixture
def tiny(site: Site) -> TinyX:
    found = TinyX(site)
    for number in range(34):
        found.publish(f"acme is slow {number}", minutes=number + 1)
    return found


def untouched(db: Database, source_id: int) -> bool:
    with db.read() as session:
        source = session.get_one(Source, source_id)
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (Mention, Poll)]
        return source.cursor is None and source.last_ok_at is None and counts == [0, 0]


def booked(db: Database) -> list[tuple[str, int]]:
    with db.read() as session:
        return [(row.purpose, row.reads) for row in session.scalars(select(Reading))]


def test_x_counts_without_a_read_and_says_what_it_will_cost(db: Database, kit: Ground, tiny: TinyX) -> None:
    source_id = listen_to(db, kit, tiny, reads_per_day="10", **BEARER)
    found = preview.live(db, kit, "x", ACME)
    assert (found.hits, found.counted, found.at_least, found.samples, found.reads) == (34, True, False, (), 0)
    (cost,) = found.costs
    assert cost.reads == pytest.approx(34 / 7, rel=0.01)
    assert (cost.per_day, cost.per_month) == (Decimal("0.02"), Decimal("0.73"))
    assert cost.share == pytest.approx(0.486, abs=0.01)
    assert {asked.path for asked in tiny.site.asked} == {"/2/tweets/counts/recent"}
    assert booked(db) == []
    assert untouched(db, source_id)


def test_examples_are_read_only_when_asked_for_and_booked(db: Database, kit: Ground, tiny: TinyX) -> None:
    source_id = listen_to(db, kit, tiny, reads_per_day="25", **BEARER)
    found = preview.live(db, kit, "x", ACME, posts=True)
    assert (found.hits, found.tried, found.reads, len(found.samples)) == (34, 10, 10, 5)
    assert found.samples[0].why == ("acme",)
    assert booked(db) == [("preview", 10)]
    assert found.costs[0].budget == budget.Budget(25, 10, found.costs[0].budget.resets_at)  # type: ignore[union-attr]
    preview.live(db, kit, "x", ACME, posts=True)
    assert preview.live(db, kit, "x", ACME, posts=True).reads == 0  # five reads are left: fewer than a page
    assert booked(db) == [("preview", 20)]
    assert untouched(db, source_id)


def test_without_a_token_that_counts_it_is_said_what_to_do(db: Database, kit: Ground, tiny: TinyX) -> None:
    listen_to(db, kit, tiny)
    with pytest.raises(ListenerError, match="bearer_token"):
        preview.live(db, kit, "x", ACME)
    found = preview.live(db, kit, "x", ACME, posts=True)
    assert (found.counted, found.at_least, found.hits) == (False, True, 10)
    assert found.per_day == pytest.approx(240, rel=0.1)  # ten within the shortest span, an hour


def test_a_source_that_is_only_typed_is_tried_and_its_budget_judged(kit: Ground, tiny: TinyX) -> None:
    settings = {"base_url": tiny.site.url, "reads_per_day": "10"} | KEYS | BEARER
    found = preview.live_unsaved(kit, "x", settings, ACME)
    assert (found.hits, found.reads) == (34, 0)
    assert found.costs[0].share == pytest.approx(0.486, abs=0.01)
    with pytest.raises(sources.SourceError, match="colour"):
        preview.live_unsaved(kit, "x", settings | {"colour": "red"}, ACME)


def test_the_price_of_the_settings_wins(db: Database, tiny: TinyX) -> None:
    kit = ground(read_prices={"x": "0.01"})
    listen_to(db, kit, tiny, **BEARER)
    assert preview.live(db, kit, "x", ACME).costs[0].per_month == Decimal("1.46")


def test_other_platforms_show_one_page_and_what_matches_in_it(
    db: Database, kit: Ground, parrot: type[Parrot], say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    at = now()
    own = post("own", at=at, own=True)
    old = post("old", at=at - timedelta(days=9))
    posts = [post(str(n), "acme" if n % 2 else "globex", at=at - timedelta(hours=n)) for n in range(1, 25)]
    say(page(*posts, own, old, truncated=True), page(post("of a second page", at=at)))
    found = preview.live(db, kit, "one", ACME)
    assert (found.hits, found.tried, found.at_least, found.counted) == (12, 24, True, False)
    assert found.per_day == pytest.approx(12 / (23 / 24))
    assert parrot.heard[-1][0].max_pages == 1
    say(page(*posts))
    whole = preview.live(db, kit, "one", ACME)
    assert (whole.at_least, whole.per_day) == (False, pytest.approx(12 / 7))
    assert untouched(db, source_id)


def test_what_the_platform_refuses_is_said(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(ChannelError("no entry", hint="Knock first."))
    with pytest.raises(ChannelError, match="no entry"):
        preview.live(db, kit, "one", ACME)
    assert untouched(db, source_id)


def test_a_rate_limit_holds_for_previews_too(
    db: Database, kit: Ground, parrot: type[Parrot], say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1", at=now())))
    with db.work() as session:
        session.get_one(Source, source_id).not_before = now() + timedelta(minutes=3)
    with pytest.raises(ListenerError, match="rate limited"):
        preview.live(db, kit, "one", ACME)
    assert parrot.heard == []


def test_a_typed_refresh_token_is_not_used_up(kit: Ground, tiny: TinyX, site: Site) -> None:
    login = {"base_url": tiny.site.url, "client_id": "c", "client_secret": "s", "refresh_token": "typed"}
    assert preview.live_unsaved(kit, "x", login | BEARER, ACME).hits == 34
    assert {asked.path for asked in site.asked} == {"/2/tweets/counts/recent"}
    typed = {
        "base_url": site.url,
        "video_ids": "abcdefghijk",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "t",
    }
    with pytest.raises(ListenerError, match="refresh_token that was typed"):
        preview.live_unsaved(kit, "youtube", typed, ACME)
    assert len(site.asked) == 1
