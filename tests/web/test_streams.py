"""Streams in the panel: whether one is up, what is wrong with it, and when it was made up for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from listener.db import now
from listener.models import Poll, Source
from listener.streams.models import Span, Stream
from tests.factories import World
from tests.web.conftest import post
from web.composition import Context

HOUR = timedelta(hours=1)


@pytest.fixture
def stream(ctx: Context, world: World) -> int:
    """Up for an hour, down for half of one, up again and polled since."""
    at = now()
    with ctx.db.work() as session:
        source = session.get_one(Source, world.source)
        source.options = {**source.options, "stream": True}
        source.created_at = at - 2 * HOUR
        source.last_ok_at = source.complete_at = at
        session.add(
            Stream(
                source_id=source.id,
                state="up",
                since=at - HOUR / 2,
                lease_until=at + HOUR,
                holder="x",
                next_at=at,
                errors=0,
            )
        )
        session.add(
            Span(source_id=source.id, began_at=at - 2 * HOUR, ended_at=at - HOUR, error="the line was cut")
        )
        session.add(Span(source_id=source.id, began_at=at - HOUR / 2))
        session.add_all(
            Poll(source_id=source.id, started_at=at - HOUR * share, ended_at=at - HOUR * share)
            for share in (2, 1.4, 0.9, 0.8, 0.7, 0.6, 0.49, 0.25)
        )
    return world.source


def said(client: FlaskClient, page: str) -> str:
    main = BeautifulSoup(client.get(page).text, "html.parser").select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def test_the_sources_page_says_whether_it_is_up(ctx: Context, stream: int, agent: FlaskClient) -> None:
    assert "stream up since" in said(agent, "/sources")
    with ctx.db.work() as session:
        row = session.get_one(Stream, stream)
        row.state, row.error, row.hint = "attention", "401 <b>no</b>", "Connect the account again."
    text = said(agent, "/sources")
    assert "stream down since" in text
    assert "401 <b>no</b> Connect the account again." in text
    with ctx.db.work() as session:
        session.delete(session.get_one(Stream, stream))
    assert "the stream is not connected yet" in said(agent, "/sources")


def test_the_coverage_page_says_when_it_was_made_up_for(stream: int, agent: FlaskClient) -> None:
    text = said(agent, "/coverage?days=1")
    assert "2 connections of the stream" in text
    assert "stream up since" in text
    assert "stream down" in text.replace("stream down since", "")
    assert "healed" in text


def test_an_admin_switches_a_stream_on_and_off(ctx: Context, world: World, admin: FlaskClient) -> None:
    def options() -> dict[str, object]:
        with ctx.db.read() as session:
            return session.get_one(Source, world.source).options

    before = options()
    page = admin.get("/sources").text
    assert "Hear at once (stream)" in page
    post(admin, "/sources/Acme on Mastodon/stream")
    assert options() == before | {"stream": True}
    assert "Polls only" in admin.get("/sources").text
    post(admin, "/sources/Acme on Mastodon/polls")
    assert options()["stream"] is False
