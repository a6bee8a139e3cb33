"""The page of one alert: who answers whom, and an explanation that agrees with the level beside it."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select

from alerts.models import Alert, CaseMention
from alerts.native import native_replies
from listener.db import now
from listener.models import Account, Author, Hit, Mention, OwnPost
from sentiment.models import Score
from tests import factories
from tests.factories import World
from tests.web.conftest import post
from web import words
from web.composition import Context


def text_of(page: str, selector: str) -> str:
    found = BeautifulSoup(page, "html.parser").select_one(selector)
    assert found is not None, selector
    return re.sub(r"\s+", " ", found.get_text()).strip()


def test_the_composer_says_as_whom_and_to_whom(ctx: Context, world: World, agent: FlaskClient) -> None:
    head = text_of(agent.get(f"/alerts/{world.alert}").text, ".composerhead")
    assert head == "Public reply on Mastodon as @acme to Nadia Weiss"
    with ctx.db.work() as session:
        for account in session.scalars(select(Account)):
            account.limits = {}  # the platform was not asked yet: the key of the account is nobody's name
    head = text_of(agent.get(f"/alerts/{world.alert}").text, ".composerhead")
    assert head == "Public reply on Mastodon as acme.example.test to Nadia Weiss"


def test_a_handle_stands_beside_a_name(ctx: Context, world: World, agent: FlaskClient) -> None:
    with ctx.db.work() as session:
        author = session.scalars(select(Author).where(Author.handle == "tomas_k")).one()
        author.name = "Tomas Kowal"
    page = agent.get(f"/alerts/{world.alerts['tomas_k']}").text
    assert text_of(page, "h1") == "Tomas Kowal tomas_k · Mastodon · Acme"


def later_post(ctx: Context, world: World, text: str, level: int) -> int:
    """Let the customer of the burning kettle write once more in the same thread."""
    with ctx.db.work() as session:
        first = session.get_one(Mention, world.mentions["Nadia Weiss"])
        made = factories.mention(session, world.brand, world.source, text, author="Nadia Weiss", level=level)
        added = session.get_one(Mention, made)
        added.thread_id, added.author_id = first.thread_id, first.author_id
        session.flush()
        assert session.scalar(select(Hit.brand_id).where(Hit.mention_id == made)) == world.brand
    factories.triage_all(ctx.db)
    with ctx.db.read() as session:
        assert (
            session.scalar(select(CaseMention.alert_id).where(CaseMention.mention_id == made)) == world.alert
        )
        assert session.get_one(Alert, world.alert).level == 3
    return made


def test_a_later_mild_post_does_not_explain_a_critical_alert(
    ctx: Context, world: World, agent: FlaskClient
) -> None:
    mild = later_post(ctx, world, "Hello? Is anybody there at Acme?", 1)
    page = agent.get(f"/alerts/{world.alert}").text
    why = text_of(page, ".facts .card")
    assert "Critical 96% likely to be urgent" in why
    assert "An earlier post of this conversation is what makes it urgent." in why
    assert "burning smell" in why
    assert text_of(page, ".post.current").endswith("Hello? Is anybody there at Acme?")
    correct = BeautifulSoup(page, "html.parser").select_one(".correct form")
    assert correct is not None
    assert correct["action"] == f"/mentions/{world.mentions['Nadia Weiss']}/correct"
    assert post(agent, str(correct["action"]), urgency="2").location == f"/alerts/{world.alert}"
    assert mild != world.mentions["Nadia Weiss"]


def test_a_later_post_that_is_as_urgent_explains_itself(
    ctx: Context, world: World, agent: FlaskClient
) -> None:
    later_post(ctx, world, "Acme, now there are flames. We called the fire brigade.", 3)
    page = agent.get(f"/alerts/{world.alert}").text
    assert "An earlier post" not in page
    assert "Critical 96% likely to be urgent" in text_of(page, ".facts .card")


@pytest.mark.parametrize(
    ("level", "share", "said"),
    [
        (3, 0.914, "91% likely to be urgent"),
        (2, 0.5, "50% likely to be urgent"),
        (2, 0.27, "27% likely to be urgent: enough to ask a person to look"),
        (1, 0.04, "4% likely to be urgent"),
    ],
)
def test_the_figure_agrees_with_the_level(level: int, share: float, said: str) -> None:
    assert words.certainty(level, share) == said


def test_an_answer_is_shown_as_the_public_sees_it_and_who_wrote_it(
    ctx: Context, world: World, agent: FlaskClient, platform: list[str]
) -> None:
    from tests.web.test_reply import TEXT, publish

    post(agent, f"/alerts/{world.alert}/reply", text=TEXT)
    publish(ctx, 11)
    head = text_of(agent.get(f"/alerts/{world.alert}").text, ".post.ours .posthead")
    assert "@acme our answer, Agent Example ·" in head


def test_a_score_of_an_older_wording_is_not_shown(ctx: Context, world: World, agent: FlaskClient) -> None:
    with ctx.db.work() as session:
        session.get_one(Mention, world.mentions["tomas_k"]).revision = 2
        assert session.scalars(select(Score).where(Score.mention_id == world.mentions["tomas_k"])).one()
    page = agent.get(f"/alerts/{world.alerts['tomas_k']}").text
    assert "Not scored yet." in text_of(page, ".facts .card")


def test_an_answer_that_was_heard_on_the_platform_still_says_who_wrote_it(
    ctx: Context, world: World, agent: FlaskClient, platform: list[str]
) -> None:
    from tests.web.test_reply import TEXT, publish

    post(agent, f"/alerts/{world.alert}/reply", text=TEXT)
    publish(ctx, 11)
    with ctx.db.work() as session:
        theirs = session.get_one(Mention, world.mentions["Nadia Weiss"])
        account = session.scalars(select(Account.id).where(Account.base_url.like("%acme%"))).one()
        session.add(
            OwnPost(
                account_id=account, channel=theirs.channel, instance=theirs.instance, external_id="sent-1",
                thread_id=theirs.thread_id, parent_id=theirs.external_id, text=f"@nadia {TEXT}", posted_at=now(),
            )
        )  # fmt: skip
    page = BeautifulSoup(agent.get(f"/alerts/{world.alert}").text, "html.parser")
    (ours,) = page.select(".thread .post.ours")
    assert "our answer, Agent Example ·" in re.sub(r"\s+", " ", ours.get_text())
    assert "@nadia" in ours.get_text()


def test_an_answer_of_a_colleague_on_the_platform_is_not_called_the_platform_s(
    ctx: Context, world: World, agent: FlaskClient
) -> None:
    with ctx.db.work() as session:
        theirs = session.get_one(Mention, world.mentions["Nadia Weiss"])
        account = session.scalars(select(Account.id).where(Account.base_url.like("%acme%"))).one()
        session.add(
            OwnPost(
                account_id=account, channel=theirs.channel, instance=theirs.instance, external_id="native-1",
                thread_id=theirs.thread_id, parent_id=theirs.external_id, text="We call you.", posted_at=now(),
            )
        )  # fmt: skip
    assert native_replies(ctx.db) == 1
    page = agent.get(f"/alerts/{world.alert}").text
    assert text_of(page, "#answer .message.good").startswith("Answered on Mastodon itself, ")


def test_the_demo_shows_a_post_on_the_simulator(ctx: Context, world: World, agent: FlaskClient) -> None:
    def led() -> str:
        page = BeautifulSoup(agent.get(f"/alerts/{world.alert}").text, "html.parser")
        link = page.select_one(".thread a.out")
        assert link is not None
        return str(link["href"])

    with ctx.db.work() as session:
        session.get_one(Mention, world.mentions["Nadia Weiss"]).url = "https://x.com/nadia/status/17"
    assert led() == "https://x.com/nadia/status/17"
    ctx.simulator_url = "http://127.0.0.1:9000"
    assert led() == "http://127.0.0.1:9000/go?url=https%3A%2F%2Fx.com%2Fnadia%2Fstatus%2F17"
