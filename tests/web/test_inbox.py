"""The inbox: rows, filters in the address, live changes, bulk with undo, empty states, banners."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from alerts.models import Alert
from listener.models import Source
from tests import factories
from tests.factories import World
from tests.web.conftest import Login, ask, post
from web.composition import Context


def ids(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-alert-id="(\d+)"', page)]


def test_rows_stand_by_urgency_with_word_clock_and_isolated_text(world: World, agent: FlaskClient) -> None:
    page = agent.get("/inbox").text
    found = ids(page)
    assert set(found) == set(world.alerts.values()) - {world.foreign_alert}
    assert set(found[:2]) == {world.alerts["Nadia Weiss"], world.alerts["tomas_k"]}
    assert "Critical" in page
    assert "over 15 min target" in page
    assert '<bdi dir="rtl">האפליקציה' in page


def test_filters_live_in_the_address(world: World, agent: FlaskClient) -> None:
    assert ids(agent.get("/inbox?level=3").text) == sorted(
        ids(agent.get("/inbox?level=3").text), reverse=True
    )
    assert len(ids(agent.get("/inbox?level=3").text)) == 2
    assert ids(agent.get("/inbox?language=he").text) == [world.alerts["נועה לוי"]]
    assert ids(agent.get("/inbox?text=kettle").text) == [world.alert]
    assert ids(agent.get("/inbox?kind=watch").text) == [world.alerts["daily_tech_wire"]]
    assert 'value="kettle"' in agent.get("/inbox?text=kettle").text


def test_pages_follow_without_repeating(ctx: Context, world: World, agent: FlaskClient) -> None:
    with ctx.db.work() as session:
        for number in range(60):
            factories.mention(
                session, world.brand, world.source, f"Acme order {number} is late.", author=f"c{number}"
            )
    factories.triage_all(ctx.db)
    first = agent.get("/inbox").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = agent.get(following[1].replace("&amp;", "&")).text
    assert len(ids(first)) == 50
    assert not set(ids(first)) & set(ids(second))
    assert len(ids(first) + ids(second)) == 67


def test_changes_are_silent_until_something_changes(ctx: Context, world: World, agent: FlaskClient) -> None:
    since = re.search(r'data-since="(\d+)"', agent.get("/inbox").text)
    assert since
    path = f"/inbox/changes?since={since[1]}"
    assert agent.get(path).status_code == 204
    with ctx.db.work() as session:
        factories.mention(session, world.brand, world.source, "Acme again!", author="late")
    factories.triage_all(ctx.db)
    answer = agent.get(path)
    assert answer.status_code == 200
    assert "Acme again!" in answer.text
    assert "<html" not in answer.text
    assert agent.get("/inbox/changes?since=x").status_code == 400


def test_bulk_closes_all_or_none_and_can_be_undone(ctx: Context, world: World, agent: FlaskClient) -> None:
    chosen = [world.alerts["Nadia Weiss"], world.alerts["tomas_k"]]
    assert post(agent, "/inbox/bulk", action="resolve", id=[*chosen, world.foreign_alert]).status_code == 404
    assert set(chosen) <= set(ids(agent.get("/inbox").text))
    answer = post(agent, "/inbox/bulk", action="resolve", id=chosen)
    assert answer.status_code == 303
    page = agent.get("/inbox").text
    assert "2 alerts closed." in page
    assert not set(chosen) & set(ids(page))
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    post(agent, "/inbox/bulk", action="undo", token=token[1])
    assert set(chosen) <= set(ids(agent.get("/inbox").text))


def test_nobody_undoes_for_somebody_else_or_with_a_made_up_token(
    world: World, agent: FlaskClient, login: Login
) -> None:
    post(agent, "/inbox/bulk", action="resolve", id=[world.alert])
    token = re.search(r'name="token" value="([^"]+)"', agent.get("/inbox").text)
    assert token
    post(login("lead"), "/inbox/bulk", action="undo", token=token[1])
    post(agent, "/inbox/bulk", action="undo", token=token[1][:-2] + "xx")
    assert world.alert not in ids(agent.get("/inbox").text)


def test_resolve_goes_to_the_next(world: World, agent: FlaskClient) -> None:
    answer = post(agent, f"/alerts/{world.alerts['tomas_k']}/close", resolution="resolved")
    assert answer.location == f"/alerts/{world.alert}"


def test_assigning_notes_and_snoozing(ctx: Context, world: World, agent: FlaskClient) -> None:
    path = f"/alerts/{world.alert}"
    post(agent, f"{path}/assign", person=world.people["agent"])
    assert ids(agent.get("/inbox?assignee=me").text) == [world.alert]
    assert post(agent, f"{path}/assign", person=world.people["lead"]).status_code == 403
    post(agent, f"{path}/notes", text="<b>called</b> her")
    assert "&lt;b&gt;called&lt;/b&gt; her" in agent.get(path).text
    post(agent, f"{path}/snooze", hours="4")
    assert world.alert not in ids(agent.get("/inbox").text)
    assert ids(agent.get("/inbox?state=snoozed").text) == [world.alert]
    assert post(agent, f"{path}/snooze", hours="99999").status_code == 400


def test_presence_shows_colleagues_and_expires(
    ctx: Context, world: World, agent: FlaskClient, login: Login
) -> None:
    lead = login("lead")
    path = f"/alerts/{world.alert}/presence"
    assert "Lead Example" not in ask(agent, path, editing="").text
    ask(lead, path, editing="1")
    shown = ask(agent, path, editing="").text
    assert "Lead Example" in shown
    assert "is writing" in shown


def test_three_empty_states_each_with_its_next_step(
    ctx: Context, app: Flask, world: World, admin: FlaskClient
) -> None:
    assert "Nothing matches these filters" in admin.get("/inbox?text=nosuchword").text
    with ctx.db.read() as session:
        every = list(session.scalars(select(Alert.id)))
    post(admin, "/inbox/bulk", action="resolve", id=every)
    assert "All done" in admin.get("/inbox").text


def test_nothing_connected_says_so(ctx: Context, app: Flask) -> None:
    ctx.setup_token = "t"
    client = app.test_client()
    post(client, "/setup", token="t", email="first@example.test", password=factories.PASSWORD)
    page = client.get("/inbox").text
    assert "Nothing is connected yet" in page
    assert 'href="/sources"' in page


def test_a_broken_channel_is_on_every_page_for_who_sees_its_brand(
    ctx: Context, world: World, agent: FlaskClient
) -> None:
    broken = {"state": "attention", "error": "the token was revoked", "hint": "Connect the account again."}
    with ctx.db.work() as session:
        session.execute(update(Source).where(Source.id == world.other_source).values(**broken))
    assert "the token was revoked" not in agent.get("/inbox").text
    with ctx.db.work() as session:
        session.execute(update(Source).where(Source.id == world.source).values(**broken))
    for path in ("/inbox", "/dashboard", f"/alerts/{world.alert}"):
        page = agent.get(path).text
        assert "Acme on Mastodon is not listening: the token was revoked" in page, path
        assert "Connect the account again." in page
