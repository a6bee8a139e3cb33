"""The Preview buttons: without script a page, with it a fragment; hits, cost against the budget, nothing saved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import func, select

from alerts import people
from listener import budget, i18n
from listener.db import now
from listener.http import Http
from listener.models import Account, BrandQuery, Mention, Reading, Source
from listener.preview import Cost, Preview
from tests import factories
from tests.factories import World
from tests.listener.channels.x_room import TinyX
from tests.listener.channels.x_scene import BEARER
from tests.listener.web_room import Site, site
from tests.web.conftest import Login, ask, post
from web import preview
from web.composition import Context

__all__ = ["site"]  # a fixture


@pytest.fixture
def tiny(site: Site, ctx: Context) -> TinyX:
    ctx.ground = ctx.ground.__class__(Http(allow=["127.0.0.1:*"]), ctx.ground.vault, ctx.ground.settings)
    found = TinyX(site)
    for number in range(140):
        found.publish(f"acme is slow {number}", minutes=number + 1)
    return found


@pytest.fixture
def on_x(ctx: Context, world: World, tiny: TinyX) -> int:
    """Acme's source on X, with a budget of ten reads a day."""
    with ctx.db.work() as session:
        account = Account(
            kind="x", base_url=tiny.site.url, identity="acme", options={"base_url": tiny.site.url},
            secrets=ctx.ground.vault.seal(BEARER),
        )  # fmt: skip
        session.add(account)
        session.flush()
        source = Source(
            account_id=account.id,
            brand_id=world.brand,
            name="Acme on X",
            kind="x",
            options={"reads_per_day": 10},
        )
        session.add(source)
        session.flush()
        return source.id


def text_of(page: str, of: str) -> str:
    found = BeautifulSoup(page, "html.parser").select_one(f"#tried-{of}")
    assert found is not None
    return " ".join(found.get_text(" ").split())


def counts(ctx: Context) -> list[int]:
    with ctx.db.read() as session:
        return [
            session.scalar(select(func.count()).select_from(one)) or 0
            for one in (BrandQuery, Mention, Source, Account)
        ]


def test_a_new_brand_s_query_is_tried_on_what_is_stored(
    ctx: Context, world: World, admin: FlaskClient
) -> None:
    before = counts(ctx)
    page = post(admin, "/sources/brands/preview", of="brand", name="Kettles", query="kettle OR parcel").text
    said = text_of(page, "brand")
    assert "2 hits among 12 stored mentions of the last 7 days." in said
    assert "About 0.3 a day." in said
    assert "Nadia Weiss" in said
    assert "Nothing was saved." in said
    soup = BeautifulSoup(page, "html.parser")
    assert soup.select_one("#brand-name")["value"] == "Kettles"  # type: ignore[index]
    assert soup.select_one("#f-query")["value"] == "kettle OR parcel"  # type: ignore[index]
    assert counts(ctx) == before


def test_what_shows_in_place_is_a_fragment(world: World, admin: FlaskClient) -> None:
    answer = ask(admin, "/sources/brands/preview", of="brand", query="kettle")
    assert "1 hit among" in answer.text
    assert "<html" not in answer.text
    bad = ask(admin, "/sources/brands/preview", of="brand", query="kettle AND (")
    assert bad.status_code == 400
    assert bad.content_type.startswith("text/html")


def test_a_query_that_cannot_be_parsed_shows_the_place(world: World, admin: FlaskClient) -> None:
    page = post(admin, "/sources/brands/preview", of=str(world.brand), query="acme AND (kettle OR")
    assert page.status_code == 400
    box = BeautifulSoup(page.text, "html.parser").select_one(f"#tried-{world.brand}")
    assert box is not None
    lines = box.select_one("pre.picture").get_text().splitlines()  # type: ignore[union-attr]
    assert lines[0].strip() == "acme AND (kettle OR"
    assert lines[1].strip() == "^"
    assert "character" in box.get_text()
    saved = post(admin, "/sources/brands", name="B", query="b AND (").text
    assert BeautifulSoup(saved, "html.parser").select_one("pre.picture") is not None


def test_more_than_the_budget_is_said_loudly_and_the_preview_s_reads_count(
    ctx: Context, world: World, on_x: int, admin: FlaskClient
) -> None:
    page = post(
        admin, "/sources/brands/preview", of=str(world.brand), query="acme", where="Acme on X", examples="1"
    )
    box = BeautifulSoup(page.text, "html.parser").select_one(f"#tried-{world.brand}")
    assert box is not None
    warning = box.select_one(".message.bad[role=alert]")
    assert warning is not None
    assert "This would use 200% of the budget of 10 reads a day" in warning.get_text()
    said = text_of(page.text, str(world.brand))
    assert "X counts 140 hits in 7 days." in said
    assert (
        "about 20 paid reads a day, $0.10 a day, $3.00 in 30 days ($0.005 a read, known on Nov 1, 2026)"
        in said
    )
    assert "10 of 10 reads used today" in said
    assert "This preview read 10 posts." in said
    with ctx.db.read() as session:
        assert [(row.purpose, row.reads) for row in session.scalars(select(Reading))] == [("preview", 10)]
    assert "10 of 10 reads used today" in admin.get("/sources").text


def test_a_source_that_is_typed_is_tried_with_the_brand_s_queries(
    ctx: Context, world: World, tiny: TinyX, admin: FlaskClient
) -> None:
    before = counts(ctx)
    form = {
        "kind": "x", "brand": "Acme", "option-base_url": tiny.site.url, "option-bearer_token": "bearer-sesame",
        "option-reads_per_day": "40",
    }  # fmt: skip
    page = post(admin, "/sources/preview", **form).text
    said = text_of(page, "source")
    assert "X counts 140 hits" in said
    assert "That is 50% of the budget of 40 reads a day." in said
    assert "bearer-sesame" not in page
    assert "Secrets are not sent back" in page
    assert counts(ctx) == before
    assert "colour" in text_of(
        post(admin, "/sources/preview", **form, **{"option-colour": "red"}).text, "source"
    )
    tiny.fault = lambda asked: None
    refused = post(admin, "/sources/preview", **(form | {"option-base_url": "http://127.0.0.1:9"}))
    assert refused.status_code == 400
    assert "127.0.0.1" in text_of(refused.text, "source")


def test_only_one_s_own_brands_and_sources_are_tried(
    ctx: Context, world: World, on_x: int, login: Login
) -> None:
    people.add_person(ctx.db, "gil@example.test", "admin", factories.PASSWORD, ("Globex",), name="Gil")
    gil = login("gil")
    assert (
        "0 hits among 1 stored mention"
        in post(gil, "/sources/brands/preview", of="brand", query="kettle").text
    )
    assert (
        post(gil, "/sources/brands/preview", of="brand", query="acme", where="Acme on X").status_code == 404
    )
    assert "Choose one of your brands" in post(gil, "/sources/preview", kind="feed", brand="Acme").text
    assert post(gil, f"/sources/brands/{world.brand}/query", query="mine").status_code == 404
    assert "Acme on X" not in gil.get("/sources").text


def test_a_brand_s_query_is_changed(ctx: Context, world: World, admin: FlaskClient) -> None:
    assert post(admin, f"/sources/brands/{world.brand}/query", query="acme\n#acmetv\n").status_code == 303
    page = BeautifulSoup(admin.get("/sources").text, "html.parser")
    box = page.select_one(f"#query-{world.brand}")
    assert box is not None
    assert box.get_text() == "acme\n#acmetv"
    assert post(admin, f"/sources/brands/{world.brand}/query", query=" ").status_code == 400


@pytest.fixture(params=i18n.LOCALES)
def tongue(request: pytest.FixtureRequest) -> Iterator[str]:
    with i18n.use(request.param) as locale:
        yield locale


def test_every_language_says_all_of_it(ctx: Context, app, tongue: str) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    day = budget.Budget(100, 30, now())
    found = Preview(
        "x", 680, 0, timedelta(days=7), counted=True, reads=10,
        costs=(Cost("Acme on X", "x", 340.0, Decimal("0.005"), "USD", date(2026, 11, 1), day),),
    )  # fmt: skip
    with app.test_request_context():
        lines = [line.text for line in preview.said(found)]
    assert len(lines) == 6
    assert "340" in lines[3]
    assert "%" in lines[3]
    assert "Acme on X" in lines[2]
    if tongue != "en":
        assert "budget of" not in lines[3]


def test_a_query_of_a_brand_that_pays_for_reads_is_tried_there_unless_told_otherwise(
    ctx: Context, world: World, on_x: int, admin: FlaskClient
) -> None:
    def offered(page: str, of: object) -> str:
        found = BeautifulSoup(page, "html.parser").select_one(f"#where-{of} option[selected]")
        return str(found["value"]) if found else ""

    page = admin.get("/sources").text
    assert offered(page, world.brand) == "Acme on X"
    assert offered(page, world.other_brand) == ""
    tried = post(admin, "/sources/brands/preview", of=str(world.brand), query="acme", where="").text
    assert offered(tried, world.brand) == ""
