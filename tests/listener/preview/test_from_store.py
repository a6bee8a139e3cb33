"""Trying a query on stored mentions: the number, why each was a hit, only one's own brands, and never a write."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from listener import preview
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Account, Mention, Source
from listener.preview import from_store as module
from listener.query import parse
from tests import factories
from tests.factories import World


@pytest.fixture
def world(db: Database, kit: Ground) -> World:
    return factories.world(db, kit)


def test_hits_are_counted_with_why_and_how_many_a_day(db: Database, kit: Ground, world: World) -> None:
    found = preview.stored(db, kit, [parse('kettle OR "two kids" NOT blender'), parse("lang:fr billing")])
    assert (found.hits, found.tried, found.at_least) == (1, 12, False)
    assert found.per_day == pytest.approx(1 / 7)
    (sample,) = found.samples
    assert (sample.author, sample.channel, sample.why) == ("Nadia Weiss", "mastodon", ("kettle", "two kids"))
    assert found.costs == ()  # Mastodon bills nothing
    assert preview.stored(db, kit, [parse("lang:fr")]).samples[0].why == ("lang:fr",)


def test_only_the_brands_asked_for_are_looked_at(db: Database, kit: Ground, world: World) -> None:
    query = [parse("parcel")]
    assert preview.stored(db, kit, query).hits == 1
    assert preview.stored(db, kit, query, brand_ids=[world.brand]).hits == 0
    assert preview.stored(db, kit, query, brand_ids=[world.other_brand]).tried == 1


def test_what_is_old_or_gone_does_not_count(db: Database, kit: Ground, world: World) -> None:
    with db.work() as session:
        first, second = session.scalars(select(Mention).where(Mention.text.contains("Acme")).limit(2))
        first.posted_at = now() - timedelta(days=30)
        second.gone_at = now()
    assert preview.stored(db, kit, [parse("acme")]).tried == 10


def test_more_than_can_be_tried_is_said_and_spread_over_the_time_it_covers(
    db: Database, kit: Ground, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 4)
    found = preview.stored(db, kit, [parse("acme OR globex")])
    assert (found.hits, found.tried, found.at_least) == (4, 4, True)
    assert found.span < timedelta(hours=2)
    assert found.per_day > 48


def test_a_paid_source_s_cost_is_told_from_its_stored_hits(db: Database, kit: Ground, world: World) -> None:
    with db.work() as session:
        account = Account(kind="x", base_url="https://api.x.com", identity="acme")
        session.add(account)
        session.flush()
        session.add(
            Source(
                account_id=account.id,
                brand_id=world.brand,
                name="X",
                kind="x",
                options={"reads_per_day": 100},
            )
        )
        for mention in session.scalars(select(Mention)):
            mention.channel = "x"
        before = session.scalar(select(func.count()).select_from(Mention))
    found = preview.stored(db, kit, [parse("acme")], brand_ids=[world.brand])
    (cost,) = found.costs
    assert (cost.source, cost.kind, str(cost.per_read)) == ("X", "x", "0.005")
    assert cost.reads == pytest.approx(found.hits / 7)
    assert cost.share == pytest.approx(found.hits / 700)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Mention)) == before
