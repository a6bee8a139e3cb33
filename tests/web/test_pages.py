"""Mentions, playbook, sources: what stands on these pages and in which order."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from pydantic import Field, SecretStr

from listener import i18n
from listener import sources as listener_sources
from listener.channels import KINDS, channel_type
from listener.channels.base import Options
from listener.db import now
from listener.models import Mention
from tests import factories
from tests.factories import World
from tests.web.conftest import Login, post
from web import charts, search
from web.composition import Context
from web.optionform import option_of
from web.page import apart


def soup(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "html.parser")


def mentions(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-mention-id="(\d+)"', page)]


def test_the_address_people_type_leads_to_the_mentions(world: World, agent: FlaskClient) -> None:
    assert agent.get("/search").location == "/mentions"
    assert agent.get("/search?q=kettle&next=//evil.example.test").location == "/mentions?text=kettle"
    assert mentions(agent.get("/search?q=kettle", follow_redirects=True).text) == [
        world.mentions["Nadia Weiss"]
    ]
    assert soup(agent.get("/inbox").text).select_one('nav a[href="/mentions"]') is not None


def test_mentions_stand_newest_first_however_they_came_in(
    ctx: Context, world: World, agent: FlaskClient
) -> None:
    with ctx.db.work() as session:
        late = factories.mention(
            session, world.brand, world.source, "An old post of Acme", posted=now() - timedelta(days=6)
        )
        future = factories.mention(session, world.brand, world.source, "Acme in 2099")
        session.get_one(Mention, future).posted_at = now() + timedelta(days=20_000)
    found = mentions(agent.get("/mentions").text)
    assert found[0] == future  # it counts when it was heard
    assert found[-1] == late
    assert found[1] == world.mentions["tomas_k"]


def test_pages_of_mentions_neither_repeat_nor_miss(ctx: Context, world: World, agent: FlaskClient) -> None:
    with ctx.db.work() as session:
        for number in range(search.SIZE):
            factories.mention(
                session,
                world.brand,
                world.source,
                f"Acme {number}",
                posted=now() - timedelta(hours=number * 37 % 50),
            )
    first = agent.get("/mentions").text
    link = soup(first).select_one('a[rel="next"]')
    assert link is not None
    seen = mentions(first) + mentions(agent.get(str(link["href"])).text)
    assert len(seen) == len(set(seen)) == search.SIZE + len(world.mentions)


def test_a_text_runs_its_own_way_even_behind_a_latin_handle(
    ctx: Context, world: World, agent: FlaskClient
) -> None:
    with ctx.db.work() as session:
        made = factories.mention(session, world.brand, world.source, "@acme הקו מת מהבוקר", language="he")
    row = soup(agent.get("/mentions").text).select_one(f'[data-mention-id="{made}"] .rowtext bdi')
    assert row is not None
    assert row["dir"] == "rtl"
    post_ = soup(agent.get(f"/mentions/{made}").text).select_one(".post.current .posttext bdi")
    assert post_ is not None
    assert post_["dir"] == "rtl"


def test_the_playbook_shows_each_sentence_by_what_it_is_for(world: World, login: Login) -> None:
    lead = login("lead")
    page = soup(lead.get("/playbook?language=fr&step=solve").text)
    (open_step,) = page.select("details[open] > summary h2")
    assert open_step.get_text() == "3. Offer a solution"
    names = [legend.get_text() for legend in page.select("details[open] legend")]
    assert names[:3] == ["Whatever it is about", "Critical, whatever it is about", "Delivery delay"]
    box = page.select_one('textarea[id="e-solve.delivery_delay"]')
    assert box is not None
    assert (box["lang"], box["dir"]) == ("fr", "ltr")
    saved = post(lead, "/playbook", key="solve.delivery_delay", language="fr", text="Le colis part ce soir.")
    assert saved.location == "/playbook?language=fr&step=solve"
    again = soup(lead.get(saved.location).text)
    edited = again.select_one('label[for="e-solve.delivery_delay"]')
    assert edited is not None
    assert "edited" in edited.get_text()
    assert "Le colis part ce soir." in again.get_text()


class Everything(Options):
    api_key: SecretStr
    base_url: str = "https://api.example.test"
    search: bool = True
    security: Literal["tls", "none"] = "tls"
    private_key: SecretStr | None = None
    page_ids: list[str] = Field(default_factory=list)


def test_a_channel_s_model_makes_its_form() -> None:
    fields = {name: option_of(name, info) for name, info in Everything.model_fields.items()}
    assert [one.type for one in fields.values()] == ["text", "text", "switch", "choice", "lines", "text"]
    assert [one.label for one in fields.values()] == [
        "API key", "Base URL", "Search", "Security", "Private key", "Page IDs",
    ]  # fmt: skip
    assert [name for name, one in fields.items() if one.secret] == ["api_key", "private_key"]
    assert (fields["api_key"].required, fields["api_key"].default) == (True, "")
    assert (fields["base_url"].default, fields["search"].default) == ("https://api.example.test", "true")
    assert fields["security"].choices == (("tls", "tls"), ("none", "none"))


def test_every_channel_has_a_form_with_all_its_options(world: World, admin: FlaskClient) -> None:
    for kind in KINDS:
        form = soup(admin.get(f"/sources/new/{kind}").text).select_one('form:has([name="kind"])')
        assert form is not None, kind
        asked = {str(one["name"]) for one in form.select('[name^="option-"]')}
        assert asked == {f"option-{name}" for name in channel_type(kind).options_type.model_fields}, kind


def test_a_source_is_added_as_the_form_sends_it(ctx: Context, world: World, admin: FlaskClient) -> None:
    form = soup(admin.get("/sources/new/mastodon").text).select_one('form:has([name="kind"])')
    assert form is not None
    (ticked,) = form.select('[type="checkbox"][name="option-search"]')
    assert ticked.has_attr("checked")
    answer = post(
        admin, "/sources", kind="mastodon", name="Second", brand="Acme",
        **{"option-base_url": "https://social.example.test", "option-access_token": "s3cret", "option-search": "false"},
    )  # fmt: skip
    assert answer.status_code == 303
    row = next(one for one in listener_sources.list_(ctx.db) if one.name == "Second")
    assert listener_sources.channel_of(ctx.db, ctx.ground, row.id).options.search is False
    assert "s3cret" not in admin.get("/sources").text


def test_an_axis_ends_on_a_number_whose_half_is_whole() -> None:
    assert [charts.scale(most) for most in (1, 2, 9, 49, 59, 133, 1999)] == [2, 2, 10, 50, 60, 140, 2000]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/accounts", "/sources"), ("/accounts/1", "/sources"), ("/coverage", "/sources"), ("/coverage/1", "/sources"),
        ("/sources/new/mastodon", "/sources"), ("/alerts/1", "/inbox"), ("/people", "/people"),
    ],
)  # fmt: skip
def test_the_menu_says_where_one_is(world: World, admin: FlaskClient, path: str, where: str) -> None:
    marked = soup(admin.get(path).text).select("nav [aria-current=page]")
    assert [link["href"] for link in marked] == [where]


def test_foreign_words_keep_their_direction_to_themselves() -> None:
    assert apart("it failed.") == "it failed."
    with i18n.use("he"):
        assert apart("it failed.") == "\u2068it failed.\u2069"
