"""The composer from draft to platform: check, send, undo, collision, approval, by hand."""

from __future__ import annotations

import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select, update

from alerts import reply as replies
from alerts.models import Alert, Feedback, Reply
from listener.db import now
from listener.models import Mention
from tests.factories import World
from tests.web.conftest import Login, ask, post
from web.composition import Context
from web.models import Draft

TEXT = "Hello Nadia, we are sorry. Please unplug the kettle; we call you today and replace it."


def rows(ctx: Context) -> list[Reply]:
    with ctx.db.read() as session:
        return list(session.scalars(select(Reply).where(Reply.state != "draft").order_by(Reply.id)))


def publish(ctx: Context, seconds: int = 0) -> list[int]:
    return replies.send(ctx.db, ctx.ground, at=now() + timedelta(seconds=seconds))


def test_the_page_shows_why_and_offers_a_marked_suggestion(world: World, agent: FlaskClient) -> None:
    page = agent.get(f"/alerts/{world.alert}").text
    for part in (
        "burning smell",
        "Why it is here",
        "the default: urgency High or above",
        "Suggestion",
        "as",
        "@acme",
    ):
        assert part in page
    assert '<bdi dir="ltr">My Acme kettle threw sparks' in page


def test_a_check_counts_by_the_channel_and_names_what_stops(world: World, agent: FlaskClient) -> None:
    good = ask(agent, f"/alerts/{world.alert}/check", text=TEXT)
    assert good.status_code == 200
    public = world.in_front(world.alert) + TEXT
    assert f"{len(public)} of 500" in good.text
    assert f">{public}</bdi>" in good.text
    assert "Stops sending" not in good.text
    unfilled = ask(agent, f"/alerts/{world.alert}/check", text="Hello {name}, sorry.").text
    assert "Stops sending" in unfilled
    assert (
        "&lt;script&gt;" in ask(agent, f"/alerts/{world.alert}/check", text="<script>alert(1)</script>").text
    )


def test_sending_waits_for_the_undo_window_and_posts_once(
    ctx: Context, world: World, agent: FlaskClient, platform: list[str]
) -> None:
    answer = ask(agent, f"/alerts/{world.alert}/reply", text=TEXT)
    assert answer.status_code == 200
    left = re.search(r'data-left="(\d+)" data-all="10"', answer.text)
    assert left is not None
    assert 5 <= int(left[1]) <= 10  # what a slow machine took is gone from it
    assert ctx.wake.rung == ["publish"]  # type: ignore[attr-defined]
    assert publish(ctx) == []
    assert platform == []
    publish(ctx, 11)
    publish(ctx, 12)
    assert platform == [TEXT]
    assert [row.state for row in rows(ctx)] == ["sent"]
    page = agent.get(f"/alerts/{world.alert}").text
    assert "Answered by Agent Example" in page
    assert "https://example.test/sent/1" in page


def test_undo_gives_the_text_back_and_posts_nothing(
    ctx: Context, world: World, agent: FlaskClient, platform: list[str]
) -> None:
    ask(agent, f"/alerts/{world.alert}/reply", text=TEXT)
    undone = ask(agent, f"/replies/{rows(ctx)[0].id}/undo")
    assert undone.status_code == 200
    assert TEXT in undone.text
    assert "data-composer" in undone.text
    publish(ctx, 60)
    assert platform == []
    too_late = world.alerts["tomas_k"]
    ask(agent, f"/alerts/{too_late}/reply", text=TEXT)
    publish(ctx, 11)
    assert ask(agent, f"/replies/{rows(ctx)[-1].id}/undo").status_code == 409


def test_the_second_answer_is_refused_and_shows_the_first(
    ctx: Context, world: World, agent: FlaskClient, login: Login, platform: list[str]
) -> None:
    lead = login("lead")
    post(agent, f"/alerts/{world.alert}/reply", text=TEXT)
    mine = "Dear Nadia, a second answer that must not be posted."
    answer = post(lead, f"/alerts/{world.alert}/reply", text=mine)
    assert answer.status_code == 409
    for part in ("Agent Example", TEXT, mine):
        assert part in answer.text
    assert ask(lead, f"/alerts/{world.alert}/reply", text=mine).status_code == 409
    publish(ctx, 11)
    assert post(lead, f"/alerts/{world.alert}/reply", text=mine).status_code == 409
    assert platform == [TEXT]
    with ctx.db.read() as session:
        assert session.get(Draft, (world.people["lead"], world.mentions["Nadia Weiss"])).text == mine  # type: ignore[union-attr]


def test_what_the_guard_stops_stays_in_the_composer(world: World, agent: FlaskClient) -> None:
    text = "Hello {name}, sorry."
    refused = post(agent, f"/alerts/{world.alert}/reply", text=text)
    assert refused.status_code == 422
    assert text in refused.text
    assert ask(agent, f"/alerts/{world.alert}/reply", text=text).status_code == 422


def test_drafts_survive_a_new_session_and_empty_ones_go(
    ctx: Context, world: World, agent: FlaskClient, login: Login
) -> None:
    path = f"/alerts/{world.alert}"
    assert ask(agent, f"{path}/draft", text="half a sen").status_code == 204
    post(agent, "/logout")
    again = login("agent")
    assert "half a sen" in again.get(path).text
    assert "half a sen" not in login("lead").get(path).text
    ask(again, f"{path}/draft", text="  ")
    with ctx.db.read() as session:
        assert session.scalar(select(Draft.text)) is None


def test_a_rule_can_ask_for_a_second_pair_of_eyes(
    ctx: Context, world: World, agent: FlaskClient, login: Login, platform: list[str]
) -> None:
    with ctx.db.work() as session:
        session.execute(update(Alert).values(needs_approval=True))
    path = f"/alerts/{world.alert}"
    assert "Send for approval" in agent.get(path).text
    post(agent, f"{path}/reply", text=TEXT)
    waiting = rows(ctx)[0]
    assert waiting.state == "awaiting_approval"
    assert post(agent, f"/replies/{waiting.id}/approve").status_code == 403
    lead = login("lead")
    assert "Approve and send" in lead.get(path).text
    assert ask(lead, f"/replies/{waiting.id}/approve").status_code == 200
    publish(ctx, 11)
    assert platform == [TEXT]
    second = world.alerts["tomas_k"]
    post(agent, f"/alerts/{second}/reply", text=TEXT)
    assert ask(lead, f"/replies/{rows(ctx)[-1].id}/reject").status_code == 200
    assert rows(ctx)[-1].state == "rejected"


def test_every_mention_can_be_answered_without_an_alert(
    ctx: Context, world: World, agent: FlaskClient, platform: list[str]
) -> None:
    question = world.mentions["Priya N."]
    assert "Priya N." in agent.get("/mentions?queue=questions").text
    text = "Hello Priya, yes: it works on 110 V with the travel plug in the box."
    assert post(agent, f"/mentions/{question}/reply", text=text).status_code == 303
    publish(ctx, 11)
    assert platform == [text]
    assert "Priya N." not in agent.get("/mentions?queue=questions").text


def test_an_answer_by_hand_is_recorded_and_its_address_checked(
    ctx: Context, world: World, agent: FlaskClient
) -> None:
    with ctx.db.work() as session:
        session.execute(update(Mention).values(reply_mode="link", reply_reason="No API here."))
    path = f"/alerts/{world.alert}"
    page = agent.get(path).text
    assert "Copy the text and open the post" in page
    assert post(agent, f"{path}/by-hand", url="javascript:alert(1)").status_code == 400
    assert post(agent, f"{path}/by-hand", url="https://example.test/answer").status_code == 303
    assert rows(ctx)[0].state == "by_hand"
    with ctx.db.read() as session:
        assert session.get_one(Alert, world.alert).first_response_at is not None


def test_a_link_that_is_not_http_is_never_offered(ctx: Context, world: World, agent: FlaskClient) -> None:
    with ctx.db.work() as session:
        session.execute(update(Mention).values(url="javascript:alert(1)"))
    assert "javascript:" not in agent.get(f"/alerts/{world.alert}").text


def test_a_manager_reads_but_has_no_composer(world: World, login: Login) -> None:
    page = login("manager").get(f"/alerts/{world.alert}").text
    assert "data-composer" not in page
    assert "Your role may read but not reply." in page


def test_corrections_are_kept_and_only_differences(ctx: Context, world: World, agent: FlaskClient) -> None:
    mention = world.mentions["Nadia Weiss"]
    form = {"urgency": "1", "sentiment": "negative", "category": "product_quality"}
    assert post(agent, f"/mentions/{mention}/correct", **form).status_code == 303
    with ctx.db.read() as session:
        given = session.scalars(select(Feedback).order_by(Feedback.id)).all()
    assert [(one.field, one.value) for one in given] == [("urgency", "1"), ("category", "product_quality")]
    assert post(agent, f"/mentions/{mention}/correct", urgency="9").status_code == 400
