"""A part of a source that fails (the comments of one post, a search) does not keep the others from being heard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from listener import collect
from listener.channels.base import Listen
from listener.channels.facebook import Facebook, FacebookOptions
from listener.db import Database
from listener.errors import PartError
from listener.ground import Ground
from listener.models import Mention, Source
from listener.simulator import Simulator
from tests.listener.channels.graph_room import NOW, Graph, ago
from tests.listener.channels.mastodon_room import listen_to, publish, sim
from tests.listener.web_room import Site

__all__ = ["sim"]

PAGE = "777"


def test_the_comments_of_a_post_that_is_gone(kit: Ground, site: Site) -> None:
    def made(name: str, minutes: float, **more: object) -> dict[str, object]:
        return {
            "id": name,
            "message": "acme is down",
            "created_time": ago(minutes),
            "from": {"id": "42"},
            **more,
        }

    below = {"comments": {"data": [], "summary": {"total_count": 1}}}
    graph = Graph()
    graph.edges[f"/{PAGE}/feed"] = [made(f"{PAGE}_{number}", 60 * number, **below) for number in (1, 2, 3)]
    graph.edges |= {f"/{PAGE}_{number}/comments": [made(f"1_{number}", 5)] for number in (1, 3)}
    graph.edges[f"/{PAGE}/tagged"] = []
    graph.objects[f"/{PAGE}"] = {"id": PAGE, "name": "Acme"}
    site.answer = graph
    options = {"base_url": site.url, "page_id": PAGE, "access_token": "sesame"}
    channel = Facebook(FacebookOptions.model_validate(options), kit.http)
    heard: list[str] = []
    with pytest.raises(PartError, match=f"1 of 5 parts could not be read: comments:{PAGE}_2: "):  # noqa: PT012
        for page in channel.listen(Listen([], NOW - timedelta(days=1)), None):
            heard += [post.id for post in page.posts if post.id.startswith("1_")]
    assert heard == ["1_1", "1_3"]


def test_an_instance_that_refuses_its_search(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    assert sim.world.brand is not None
    said = publish(sim, f"@{sim.world.brand.username} acme is slow")
    source_id = listen_to(sqlite_db, kit, sim)
    sim.faults.set("server_error", status=404, times=None, path="/api/v2/search")
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert "parts could not be read: search:" in (outcome.error or "")
    with sqlite_db.read() as session:
        assert said.id in session.scalars(select(Mention.external_id)).all()
        row = session.get_one(Source, source_id)
        assert (row.errors, row.error) == (0, outcome.error)
