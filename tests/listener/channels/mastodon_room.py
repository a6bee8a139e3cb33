"""A simulated instance and a source on it, for the tests of the channel mastodon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.mastodon import Mastodon, MastodonOptions
from listener.db import Database
from listener.ground import Ground
from listener.models import Mention
from listener.simulator import Simulator
from listener.simulator.model import Account, Post


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("quiet", live=False, rate_limit=100_000) as started:
        yield started


def person(sim: Simulator, name: str = "ada") -> Account:
    return sim.world.add_account(name, name.title())


def publish(sim: Simulator, text: str, *, minutes: float = 1, by: str = "ada", **more: object) -> Post:
    """Publish as many minutes ago."""
    moment = sim.world.clock() - timedelta(minutes=minutes)
    return sim.world.publish(person(sim, by), text, at=moment, **more)  # type: ignore[arg-type]


def listen_to(db: Database, kit: Ground, sim: Simulator, query: str = "acme", **settings: str) -> int:
    brands.add(db, "Acme", query=query)
    given = {"base_url": sim.base_url, "access_token": sim.token} | settings
    return sources.add(
        db, kit, "mastodon", name="social", brand="Acme", settings={k: v for k, v in given.items() if v}
    )


def hear(db: Database, kit: Ground, source_id: int) -> collect.Outcome:
    outcome = collect.poll(db, kit, source_id, force=True)
    assert outcome.error is None, outcome.error
    return outcome


def stored(db: Database) -> dict[str, Mention]:
    with db.read() as session:
        return {row.external_id: row for row in session.scalars(select(Mention))}


def opened(sim: Simulator, kit: Ground, token: str | None = None) -> Mastodon:
    options = MastodonOptions.model_validate({"base_url": sim.base_url, "access_token": token or sim.token})
    channel = Mastodon(options, kit.http)
    channel.learn()
    return channel


def brand_handle(sim: Simulator) -> str:
    assert sim.world.brand is not None
    return sim.world.brand.username
