"""Connecting accounts in the panel: who may, whose answer counts, once, and what a mistake changes."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from alerts import people
from alerts.models import Event, Person, PersonBrand
from listener.db import now
from listener.models import Account, Source
from tests import factories
from tests.factories import World
from tests.listener.oauth.room import CLIENT, SECRET, Authority, x
from tests.listener.web_room import site
from tests.web.conftest import Login, csrf
from web.composition import Context
from web.models import Connecting

__all__ = ["site", "x"]

HERE = "http://localhost/accounts/callback"


@pytest.fixture
def open_guard(ctx: Context, x: Authority) -> Authority:
    """Let the panel talk to the pretended platform, which has our address registered."""
    ctx.ground.http.guard._allowed = frozenset({("127.0.0.1", None)})
    x.redirects = [HERE]
    return x


def form(x: Authority, **more: str) -> dict[str, str]:
    return {
        "kind": "x", "name": "x of acme", "brand": "Acme", "option-client_id": CLIENT, "option-client_secret": SECRET,
        "option-base_url": x.site.url, **more,
    }  # fmt: skip


def post(client: FlaskClient, path: str, given: dict[str, str] | None = None) -> TestResponse:
    """Send a form with its token, as a browser would."""
    return client.post(path, data={"csrf_token": csrf(client), **(given or {})})


def way(page: str) -> str:
    link = BeautifulSoup(page, "html.parser").select_one("main a.primary")
    assert link is not None, page
    return str(link["href"])


def begin(client: FlaskClient, x: Authority, path: str = "/accounts/connect", **more: str) -> str:
    """Press Connect; return where the page leads."""
    answer = post(client, path, form(x, **more) if path == "/accounts/connect" else more)
    assert answer.status_code == 200, answer.text
    return way(answer.text)


def come_back(client: FlaskClient, address: str) -> str:
    """Follow the platform back; return the page one ends on."""
    parts = urlsplit(address)
    answer = client.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 303
    assert "code=" not in answer.headers["Location"]
    return client.get(answer.headers["Location"]).text


def accounts(ctx: Context) -> list[Account]:
    with ctx.db.read() as session:
        return list(session.scalars(select(Account).where(Account.kind == "x").order_by(Account.id)))


@pytest.mark.usefixtures("world")
def test_a_form_and_a_log_in_make_account_and_source(
    ctx: Context, admin: FlaskClient, open_guard: Authority
) -> None:
    x = open_guard
    page = admin.get("/sources/new/x").text
    button = BeautifulSoup(page, "html.parser").select_one('button[formaction="/accounts/connect"]')
    assert button is not None
    assert button.has_attr("formnovalidate")  # the tokens are still missing
    told = come_back(admin, x.visit(begin(admin, x, **{"option-reads_per_day": "900"})))
    assert "Connected: X as @acme" in told
    (account,) = accounts(ctx)
    with ctx.db.read() as session:
        source = session.scalars(select(Source).where(Source.name == "x of acme")).one()
        assert (source.account_id, source.options["reads_per_day"]) == (account.id, 900)
        assert session.scalar(select(func.count()).select_from(Connecting)) == 0
        event = session.scalars(select(Event).where(Event.kind == "account.connected")).one()
        assert event.data == {"account": account.id}
    shown = admin.get("/accounts").text + admin.get(f"/accounts/{account.id}").text
    assert "@acme" in shown
    assert not any(hidden in shown for hidden in (SECRET, *x.tokens, *x.refreshes))


@pytest.mark.usefixtures("world")
def test_connecting_again_keeps_the_source_and_somebody_else_changes_nothing(
    ctx: Context, admin: FlaskClient, open_guard: Authority
) -> None:
    x = open_guard
    come_back(admin, x.visit(begin(admin, x)))
    (account,) = accounts(ctx)
    with ctx.db.work() as session:
        source = session.scalars(select(Source).where(Source.name == "x of acme")).one()
        source.cursor, source.state = {"v": 1}, "attention"
    again = f"/accounts/{account.id}/connect"
    assert "Connected" in come_back(admin, x.visit(begin(admin, x, again)))
    with ctx.db.read() as session:
        source = session.scalars(select(Source).where(Source.name == "x of acme")).one()
        assert (source.cursor, source.state) == ({"v": 1}, "active")
    before = accounts(ctx)[0].secrets
    told = come_back(admin, x.visit(begin(admin, x, again), "zenith"))
    assert "the log-in is of @zenith" in told
    assert "Nothing was changed" in told
    assert accounts(ctx)[0].secrets == before


@pytest.mark.usefixtures("world")
def test_an_answer_works_once_in_its_own_session_and_in_time(
    ctx: Context, admin: FlaskClient, login: Login, open_guard: Authority
) -> None:
    x = open_guard
    back = x.visit(begin(admin, x))
    other = login("admin")
    assert "belongs to no log-in" in come_back(other, back)  # the same person, another session
    assert accounts(ctx) == []
    assert "Connected" in come_back(admin, back)  # not used up by the other one
    assert "belongs to no log-in" in come_back(admin, back)
    assert "belongs to no log-in" in come_back(admin, f"{HERE}?code=c&state=guessed")
    assert "belongs to no log-in" in come_back(admin, HERE)
    late = x.visit(begin(admin, x, name="later"))
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert "belongs to no log-in" in come_back(admin, late)
    assert len(accounts(ctx)) == 1


@pytest.mark.usefixtures("world")
def test_a_log_in_ends_with_its_session(
    ctx: Context, admin: FlaskClient, login: Login, open_guard: Authority
) -> None:
    back = open_guard.visit(begin(admin, open_guard))
    post(admin, "/logout")
    parts = urlsplit(back)
    answer = admin.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 302
    assert "/login" in answer.headers["Location"]
    assert "belongs to no log-in" in come_back(login("admin"), back)
    assert accounts(ctx) == []


@pytest.mark.usefixtures("world")
def test_whoever_says_no_and_whoever_may_not(
    ctx: Context, admin: FlaskClient, login: Login, open_guard: Authority
) -> None:
    x = open_guard
    assert "access was refused" in come_back(admin, x.visit(begin(admin, x), deny=True))
    for role in ("agent", "lead", "manager"):
        client = login(role)
        assert post(client, "/accounts/connect", form(x)).status_code == 403
        assert post(client, "/accounts/1/connect").status_code == 403
        assert post(client, "/accounts/1").status_code == 403
        assert client.get("/accounts/callback?code=c&state=s").status_code == 403
    assert admin.post("/accounts/connect", data=form(x)).status_code == 400  # without the form's token
    assert admin.post("/accounts/1/connect").status_code == 400
    assert accounts(ctx) == []


def test_a_refusal_is_told_in_the_readers_language(
    ctx: Context, world: World, admin: FlaskClient, open_guard: Authority
) -> None:
    with ctx.db.work() as session:
        session.get_one(Person, world.people["admin"]).locale = "fr"
    told = come_back(admin, open_guard.visit(begin(admin, open_guard), deny=True))
    assert "Recommencez avec Connecter" in told
    assert "access was refused" not in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"option-client_id": ""}, "client_id missing"),
        ({"kind": "orkut"}, "There is no such channel"),
        ({"kind": "telegram"}, "no log-in by browser"),
        ({"brand": "Nobody"}, "Choose one of your brands"),
        ({"name": ""}, "name has 1 to"),
        ({"option-username": "not a handle!"}, "username"),
    ],
)
@pytest.mark.usefixtures("world")
def test_what_is_wrong_is_said_before_anybody_leaves(
    ctx: Context, admin: FlaskClient, open_guard: Authority, change: dict[str, str], said: str
) -> None:
    answer = post(admin, "/accounts/connect", form(open_guard, **change))
    assert answer.status_code == 400
    assert said in BeautifulSoup(answer.text, "html.parser").get_text()
    assert SECRET not in answer.text
    with ctx.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Connecting)) == 0


def test_a_second_source_listens_with_the_same_account(
    ctx: Context, world: World, admin: FlaskClient, login: Login, open_guard: Authority
) -> None:
    x = open_guard
    come_back(admin, x.visit(begin(admin, x)))
    (account,) = accounts(ctx)
    page = BeautifulSoup(admin.get("/sources/new/x").text, "html.parser")
    assert [one.get_text() for one in page.select('select[name="account"] option')] == ["@acme"]
    buttons = [one.get_text() for one in page.select('form[action="/sources"] button')]
    assert buttons[0] == "Add source"  # the one that Enter presses
    given = form(
        x, name="more of x", account=str(account.id), **{"option-search": "false", "option-base_url": ""}
    )
    assert post(admin, "/accounts/use", given).status_code == 303
    with ctx.db.read() as session:
        source = session.scalars(select(Source).where(Source.name == "more of x")).one()
        foreign = session.get_one(Source, world.other_source).account_id
    assert (source.account_id, source.options["search"]) == (account.id, False)
    assert accounts(ctx)[0].options["base_url"] == x.site.url
    assert post(admin, "/accounts/use", given).status_code == 400  # the name is taken
    assert post(admin, "/accounts/use", {**given, "account": ""}).status_code == 404
    assert post(admin, "/accounts/use", {**given, "name": "z", "brand": "Nobody"}).status_code == 400
    people.add_person(ctx.db, "narrow@example.test", "admin", factories.PASSWORD, ["Acme"])
    client = login("narrow")
    assert post(client, "/accounts/use", {**given, "name": "z", "account": str(foreign)}).status_code == 404


def test_accounts_of_other_brands_are_not_there(ctx: Context, world: World, login: Login) -> None:
    with ctx.db.read() as session:
        mine = session.get_one(Source, world.source).account_id
        foreign = session.get_one(Source, world.other_source).account_id
    people.add_person(ctx.db, "narrow@example.test", "admin", factories.PASSWORD, ["Acme"])
    client = login("narrow")
    assert client.get(f"/accounts/{mine}").status_code == 200
    assert client.get(f"/accounts/{foreign}").status_code == 404
    assert post(client, f"/accounts/{foreign}/connect").status_code == 404
    assert post(client, f"/accounts/{foreign}").status_code == 404
    assert "@globex" not in client.get("/accounts").text
    assert client.get("/accounts/999").status_code == 404
    with ctx.db.work() as session:  # another brand listens with the same account
        row = session.get_one(Source, world.other_source)
        row.account_id, row.name = mine, "globex-secret-launch"
    page = client.get("/accounts").text
    assert "@acme" in page
    assert "globex-secret-launch" not in page


def test_whoever_loses_the_brand_on_the_way_comes_back_to_nothing(
    ctx: Context, world: World, admin: FlaskClient, login: Login, open_guard: Authority
) -> None:
    x = open_guard
    come_back(admin, x.visit(begin(admin, x)))
    (before,) = accounts(ctx)
    who = people.add_person(ctx.db, "narrow@example.test", "admin", factories.PASSWORD, ["Acme"])
    client = login("narrow")
    back = urlsplit(x.visit(begin(client, x, f"/accounts/{before.id}/connect")))
    with ctx.db.work() as session:
        session.get_one(PersonBrand, (who, world.brand)).brand_id = world.other_brand
    assert client.get(f"{back.path}?{back.query}").status_code == 404
    assert accounts(ctx)[0].secrets == before.secrets


@pytest.mark.usefixtures("world")
def test_credentials_can_be_typed_and_what_is_left_empty_stays(
    ctx: Context, admin: FlaskClient, open_guard: Authority
) -> None:
    x = open_guard
    come_back(admin, x.visit(begin(admin, x)))
    (account,) = accounts(ctx)
    path = f"/accounts/{account.id}"
    page = BeautifulSoup(admin.get(path).text, "html.parser")
    secret = page.select_one('input[name="option-client_secret"]')
    assert secret is not None
    assert secret["value"] == ""
    assert post(admin, path, {"option-username": "acme"}).status_code == 303
    kept = ctx.ground.vault.unseal(accounts(ctx)[0].secrets or "")
    assert kept["client_secret"] == SECRET
    refused = post(admin, path, {"option-username": "zenith"})
    assert refused.status_code == 400
    assert "belongs to @acme" in refused.text
    assert accounts(ctx)[0].options["username"] == "acme"
