"""The coverage page: gaps on a line and in a table, for one's own brands, by one's own clock; a banner while blind."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from alerts.models import Person
from listener import i18n
from listener.coverage import Cause, Gap
from listener.db import now
from listener.models import Poll, Source
from tests.factories import World
from tests.web.conftest import Login
from web import coverage, timeline
from web.composition import Context
from web.page import exactly

NAME = "Acme on Mastodon"
START = datetime(2026, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def polls(ctx: Context, source_id: int, *minutes_ago: int, **more: object) -> None:
    with ctx.db.work() as session:
        for minutes in minutes_ago:
            at = now() - timedelta(minutes=minutes)
            session.add(
                Poll(source_id=source_id, started_at=at, ended_at=at, **({"fetched": 3, "new": 1} | more))
            )


@pytest.fixture
def source(ctx: Context, world: World) -> int:
    """Polled every five minutes for three hours, but for 40 minutes that were healed."""
    with ctx.db.work() as session:
        row = session.get_one(Source, world.source)
        row.created_at = now() - timedelta(minutes=181)
        row.last_ok_at = row.complete_at = now()
    polls(ctx, world.source, *range(180, 99, -5))
    polls(ctx, world.source, 90, error="HTTP 500 from the platform", fetched=0, new=0)
    polls(ctx, world.source, 80, truncated=True, asked_from=now() - timedelta(minutes=100))
    polls(ctx, world.source, 60, backfilled=True, late=2, lag_seconds=90.0)
    polls(ctx, world.source, *range(55, -1, -5))
    return world.source


def card(client: FlaskClient, name: str = NAME, query: str = "?days=1") -> Tag:
    found = BeautifulSoup(client.get(f"/coverage{query}").text, "html.parser").select_one(
        f'[data-source="{name}"]'
    )
    assert found is not None
    return found


def said(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def test_a_healed_gap_is_drawn_told_and_listed(source: int, agent: FlaskClient) -> None:
    shown = card(agent)
    assert len(shown.select("svg .gap-healed")) == 1
    assert shown.select("svg .gap-open") == []
    assert shown.select_one("svg")["aria-label"] == "1 gap, healed: nothing is missing."  # type: ignore[index]
    text = said(shown)
    for part in (
        "32 polls", "1 poll cut short", "1 poll filled a gap", "1 error", "2 posts shown late by the platform",
        "a new post is 1 min 30 sec old when heard (median)",
    ):  # fmt: skip
        assert part in text
    (row,) = shown.select("tbody tr")
    assert "40 min" in said(row)
    assert "more posts than one run may read" in said(
        row
    )  # the last thing that went wrong before it was healed


def test_what_is_blind_now_stands_first_and_as_a_banner(
    ctx: Context, world: World, source: int, login: Login
) -> None:
    with ctx.db.work() as session:
        row = session.get_one(Source, world.other_source)
        row.created_at = now() - timedelta(hours=5)
        row.last_ok_at = row.complete_at = now() - timedelta(hours=3)
        row.error, row.hint = "the platform does not answer", "It is tried again."
    polls(ctx, world.other_source, 185, 180)
    admin = login("admin")
    page = BeautifulSoup(admin.get("/coverage").text, "html.parser")
    assert [tag["data-source"] for tag in page.select("[data-source]")] == ["Globex on Mastodon", NAME]
    shown = card(admin, "Globex on Mastodon")
    assert len(shown.select("svg .gap-open")) == 1
    assert "it was not polled" in said(shown)
    banner = BeautifulSoup(admin.get("/inbox").text, "html.parser").select_one(".banner.bad")
    assert banner is not None
    assert "Globex on Mastodon is blind since" in said(banner)
    assert "the platform does not answer. It is tried again." in said(banner)
    assert banner.select_one('a[href="/coverage"]') is not None
    agent = login("agent")  # of Acme
    assert "Globex" not in agent.get("/coverage").text
    assert ".banner.bad" not in agent.get("/inbox").text
    assert "is blind" not in agent.get("/inbox").text
    with ctx.db.work() as session:
        session.get_one(Source, source).complete_at = now() - timedelta(hours=1)
    assert "2 sources are blind, the first since" in admin.get("/inbox").text
    with ctx.db.work() as session:
        session.get_one(Source, source).complete_at = now()
    assert "2 sources are blind" not in admin.get("/inbox").text


def test_each_poll_has_its_windows(ctx: Context, world: World, source: int, agent: FlaskClient) -> None:
    page = BeautifulSoup(agent.get(f"/coverage/{source}?days=1").text, "html.parser")
    rows = [said(row) for row in page.select("tbody tr")]
    assert len(rows) == 32
    assert sum("HTTP 500 from the platform" in row for row in rows) == 1
    (cut,) = (row for row in rows if "cut short; the next run reads on" in row)
    assert len(re.findall(r"\d\d?:\d\d", cut)) == 3  # when it began, and from when to when it asked
    assert agent.get(f"/coverage/{world.other_source}").status_code == 404
    assert agent.get("/coverage/999").status_code == 404


def test_times_are_those_of_the_reader_s_clock(ctx: Context, world: World, source: int, login: Login) -> None:
    with ctx.db.work() as session:
        session.get_one(Person, world.people["agent"]).timezone = "Asia/Kolkata"
    (row,) = card(login("agent")).select("tbody tr")
    with ctx.db.read() as session:
        healed_at = session.scalars(select(Poll.ended_at).where(Poll.backfilled)).one()
    assert healed_at is not None
    healed = healed_at.astimezone(i18n.zone_of("Asia/Kolkata"))
    assert f"{healed:%-I:%M}" in said(row)
    assert "IST" in said(row)


def test_paused_and_new_sources_are_not_called_blind(ctx: Context, world: World, agent: FlaskClient) -> None:
    assert "Not polled yet." in said(card(agent))
    polls(ctx, world.source, 1, error="HTTP 500 from the platform")
    with ctx.db.work() as session:
        session.get_one(Source, world.source).last_ok_at = None
    assert "Nothing could be read yet." in said(card(agent))  # and not that it was heard without a gap
    assert heard(card(agent)) == (720.0, 0.0)
    assert "nothing yet" in agent.get("/sources").text
    with ctx.db.work() as session:
        session.get_one(Source, world.source).state = "paused"
    assert "Paused: quiet on purpose." in said(card(agent, query="?days=999"))


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_every_language_says_all_of_it(app: Flask, locale: str) -> None:
    one = coverage.Coverage(
        "s", "x", "active", polls=5, pushed=2, fetched=9, new=3, late=1, truncated=2, backfilled=1, errors=3,
        blind=[Gap(START, None, "HTTP 500", Cause.ERROR)], platform_lag_seconds=60.0,
    )  # fmt: skip
    with app.test_request_context(), i18n.use(locale):
        lines = [
            coverage.finding(one),
            *coverage.facts(one),
            *(coverage.why(Gap(START, None, "", cause)) for cause in Cause),
        ]
    assert len(lines) == 15
    if locale != "en":
        assert not any(
            word in " ".join(lines) for word in ("Blind", "poll", "error", "shown late", "median", "clock")
        )


def heard(tag: Tag) -> tuple[float, float]:
    (box,) = tag.select("svg .heard")
    return float(str(box["x"])), float(str(box["width"]))


def test_what_was_said_before_a_source_read_back_is_not_called_heard(
    ctx: Context, world: World, agent: FlaskClient
) -> None:
    with ctx.db.work() as session:
        session.get_one(Source, world.source).created_at = now() - timedelta(minutes=4)
    polls(ctx, world.source, 3, asked_from=now() - timedelta(hours=12))
    polls(ctx, world.source, 1)
    assert re.search(r"Heard without a gap since .*:", said(card(agent)))
    start, width = heard(card(agent))
    assert start == pytest.approx(360, abs=1)
    assert width == pytest.approx(360, abs=1)
    with ctx.db.work() as session:
        session.get_one(Source, world.source).created_at = now() - 2 * DAY
    assert "gap since" not in said(card(agent))
    assert heard(card(agent)) == (0.0, 720.0)


def test_the_end_of_a_span_names_its_day_only_where_it_is_another(app: Flask) -> None:
    with app.test_request_context():
        assert exactly(START + timedelta(hours=1), START).replace("\u202f", " ") == "1:00:00 AM"
        assert exactly(START + DAY, START) == exactly(START + DAY)


def boxes(drawn: str, kind: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(width))
        for x, width in re.findall(rf'class="{kind}" x="([\d.]+)" y="1" width="([\d.]+)"', drawn)
    ]


def test_gaps_stand_where_they_were() -> None:
    gaps = [
        Gap(START - DAY, START + DAY, "", Cause.ERROR),  # began before the line
        Gap(START + 2 * DAY, START + 2 * DAY + timedelta(seconds=9), "", Cause.ERROR),
        Gap(START + 3 * DAY, None, "", Cause.ERROR),
    ]
    drawn = timeline.line(gaps, START, START + 4 * DAY, "UTC", 'a "finding" <b>')
    assert boxes(drawn, "gap-healed") == [(0.0, 180.0), (360.0, 4.0)]
    assert boxes(drawn, "gap-open") == [(540.0, 180.0)]
    assert drawn.count('class="axis"') == 3
    assert "<b>" not in drawn
    with i18n.use("he"):
        mirrored = timeline.line(gaps, START, START + 4 * DAY, "UTC", "")
    assert boxes(mirrored, "gap-open") == [(0.0, 180.0)]
    assert boxes(mirrored, "gap-healed")[0] == (540.0, 180.0)
