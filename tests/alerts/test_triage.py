"""From scored mentions to alerts: which are raised, which join, and never twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts import case, flow, rules, triage
from alerts.models import CaseMention, Event, Incident, Reply, Suggestion
from listener.models import Mention
from sentiment.models import Score
from tests.alerts.scene import AT, Scene


def run(scene: Scene, **options: object) -> list[int]:
    done = triage.triage(scene.db, at=AT, **options)  # type: ignore[arg-type]
    return done.raised if done is not None else []


def test_an_urgent_mention_raises_one_alert_with_everything_the_row_shows(scene: Scene) -> None:
    mention_id = scene.mention()
    raised = run(scene)
    (alert,) = scene.alerts()
    assert raised == [alert.id]
    assert (alert.mention_id, alert.level, alert.state, alert.kind) == (mention_id, 2, "open", "alert")
    assert (alert.brand_id, alert.channel, alert.author, alert.reply_mode) == (
        scene.brand_id,
        "fake",
        "ann",
        "api",
    )
    assert alert.due_at == AT - timedelta(minutes=5) + timedelta(hours=2)
    assert alert.changed == 1
    with scene.db.read() as session:
        suggestion = session.scalars(select(Suggestion)).one()
        assert suggestion.mention_id == mention_id
        assert suggestion.text.startswith("Thank you")
        assert session.scalars(select(Event.kind)).all() == ["alert.raised"]
        assert session.get_one(Mention, mention_id).stage == "triaged"
    assert triage.triage(scene.db, at=AT) is None


@pytest.mark.parametrize("sentiment", ["negative", "neutral", "positive"])
def test_the_default_rule_looks_at_urgency_whatever_the_sentiment(small: Scene, sentiment: str) -> None:
    small.mention(level=2, sentiment=sentiment)
    small.mention(level=1, sentiment=sentiment, author="bob")
    run(small)
    assert [alert.level for alert in small.alerts()] == [2]


def test_no_answer_expected_is_a_watch_alert_without_suggestion_and_clock(small: Scene) -> None:
    small.mention(level=3, needs_reply=False)
    assert len(run(small)) == 1
    (alert,) = small.alerts()
    assert (alert.kind, alert.due_at) == ("watch", None)
    with small.db.read() as session:
        assert session.scalars(select(Suggestion)).all() == []


def test_old_posts_history_and_deleted_posts_raise_nothing(small: Scene) -> None:
    small.mention(posted_at=AT - timedelta(days=8), collected_at=AT)
    small.mention(history=True)
    small.mention(gone_at=AT)
    assert run(small) == []
    assert small.alerts() == []
    with small.db.read() as session:
        assert set(session.scalars(select(Mention.stage))) == {"triaged"}


def test_a_post_from_the_future_is_due_from_when_we_heard_it(small: Scene) -> None:
    small.mention(level=3, posted_at=AT.replace(year=2099), collected_at=AT)
    run(small)
    assert small.alerts()[0].due_at == AT + timedelta(minutes=15)


def test_a_competitor_is_heard_and_never_answered(small: Scene) -> None:
    from listener.models import Brand

    with small.db.work() as session:
        session.get_one(Brand, small.brand_id).own = False
    small.mention(level=3)
    assert run(small) == []


def test_a_later_post_of_the_customer_joins_the_open_alert(scene: Scene) -> None:
    scene.mention(thread="t1")
    run(scene)
    later = scene.mention("Still nothing!", level=3, thread="t1", posted_at=AT - timedelta(minutes=1))
    assert run(scene) == []
    (alert,) = scene.alerts()
    assert (alert.posts, alert.latest_mention_id, alert.level) == (2, later, 3)
    assert alert.text == "Still nothing!"
    assert alert.due_at == AT - timedelta(minutes=1) + timedelta(minutes=15)
    with scene.db.read() as session:
        assert session.scalar(select(Suggestion.mention_id).where(Suggestion.mention_id == later)) == later


def test_a_calm_post_keeps_the_alert_as_urgent_as_it_was(small: Scene) -> None:
    small.mention(level=3, thread="t1")
    run(small)
    small.mention("Here is my number", level=0, sentiment="neutral", thread="t1", posted_at=AT)
    run(small)
    (alert,) = small.alerts()
    assert (alert.level, alert.posts) == (3, 2)
    with small.db.read() as session:
        first, calm = session.scalars(select(Suggestion).order_by(Suggestion.mention_id))
    assert calm.mention_id == alert.latest_mention_id
    assert (calm.text, calm.steps) == (first.text, first.steps)  # about what is wrong, not about the number


def test_another_customer_in_the_thread_is_another_alert(small: Scene) -> None:
    small.mention(thread="t1")
    small.mention(thread="t1", author="bob")
    small.mention(thread="t1", author=None)
    small.mention(thread="t1", author=None)
    assert len(run(small)) == 4


@pytest.mark.parametrize("state", ["answered", "closed"])
def test_a_new_post_opens_an_answered_or_closed_alert_again(scene: Scene, state: str) -> None:
    scene.mention(thread="t1")
    (alert_id,) = run(scene)
    with scene.db.work() as session:
        alert = session.get_one(case.Alert, alert_id)
        alert.state, alert.closed_at, alert.resolution = state, AT, "resolved"
    scene.mention("It came back", level=1, thread="t1", posted_at=AT)
    assert run(scene) == [alert_id]
    (alert,) = scene.alerts()
    assert (alert.state, alert.reopened, alert.resolution, alert.closed_at) == ("open", 1, None, None)
    assert alert.due_at == AT + timedelta(hours=4)


def test_an_edited_post_stays_in_its_alert(small: Scene) -> None:
    mention_id = small.mention(level=2)
    (alert_id,) = run(small)
    flow.close(small.db, small.viewer(role="lead"), [alert_id], at=AT)
    small.rescore(mention_id, level=0, text="all fine now")
    assert run(small) == []
    assert [alert.text for alert in small.alerts()] == ["all fine now"]
    small.rescore(mention_id, level=3, text="my battery is on fire")
    assert run(small) == [alert_id]
    (alert,) = small.alerts()
    assert (alert.state, alert.level, alert.posts) == ("open", 3, 1)
    with small.db.read() as session:
        assert session.scalars(select(Suggestion)).one().revision == 3


def test_an_edit_can_raise_the_first_alert(small: Scene) -> None:
    mention_id = small.mention(level=0)
    assert run(small) == []
    small.rescore(mention_id, level=2)
    assert len(run(small)) == 1


def test_scoring_again_with_another_model_raises_nothing(small: Scene) -> None:
    mention_id = small.mention(level=0)
    run(small)
    with small.db.work() as session:
        session.add(
            Score(
                mention_id=mention_id, revision=1, model="m2", language="en", sentiment="negative", negative=1.0,
                neutral=0.0, positive=0.0, level=3, alert_score=1.0, levels=[0, 0, 0, 1.0], category="safety_legal",
                needs_reply=True,
            )
        )  # fmt: skip
    assert triage.triage(small.db, at=AT) is None
    assert small.alerts() == []


def test_several_workers_raise_one_alert_a_mention_and_one_a_case(scene: Scene) -> None:
    for number in range(30):
        scene.mention(thread=f"t{number % 10}", author=f"a{number % 10}")
    raised: list[int] = []

    def work() -> None:
        while (done := triage.triage(scene.db, at=AT, limit=4)) is not None:
            raised.extend(done.raised)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(scene.alerts()) == 10
    assert sorted(raised) == [alert.id for alert in scene.alerts()]
    assert {alert.posts for alert in scene.alerts()} == {3}
    with scene.db.read() as session:
        assert len(session.scalars(select(CaseMention.mention_id)).all()) == 30


def test_one_bad_mention_is_marked_and_the_others_go_on(
    small: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, after = small.mention(), small.mention(author="bob"), small.mention(author="cy")
    real = case.raise_

    def broken(session: object, facts: case.Facts) -> object:
        if facts.mention.id == bad:
            raise ZeroDivisionError
        return real(session, facts)  # type: ignore[arg-type]

    monkeypatch.setattr(case, "raise_", broken)
    run(small)
    assert [alert.mention_id for alert in small.alerts()] == [good, after]
    with small.db.read() as session:
        row = session.get_one(Mention, bad)
        assert (row.stage, row.stuck_reason) == ("stuck", "triage failed: ZeroDivisionError")


def test_a_rule_can_ignore_watch_assign_and_ask_for_approval(small: Scene) -> None:
    rules.add(small.db, "no adverts", words="advert*", action="ignore", position=1)
    rules.add(
        small.db, "complaints of the app", channels=["fake"], sentiments=["negative"], min_level=1, words="app",
        needs_approval=True, assignee_id=small.people["lea"],
    )  # fmt: skip
    small.mention("an advertisement", level=3)
    chosen = small.mention("The app is slow", level=1, author="bob")
    small.mention("The appliance is slow", level=1, author="cy")
    run(small)
    (alert,) = small.alerts()
    assert (alert.mention_id, alert.needs_approval, alert.assignee_id) == (chosen, True, small.people["lea"])


def test_near_duplicates_are_one_incident_with_an_alert_each(small: Scene) -> None:
    words = "The whole north side has no internet since eight this morning, please do something about it"
    for name in ("ann", "bob"):
        small.mention(words, author=name, category="outage_network")
    small.mention("My invoice of October is wrong and nobody in the shop could explain it to me", author="cy")
    run(small)
    incidents = [alert.incident_id for alert in small.alerts()]
    assert incidents[0] is not None
    assert incidents[:2] == [incidents[0]] * 2
    assert incidents[2] is None


def test_a_burst_of_one_kind_is_one_incident(small: Scene) -> None:
    texts = ["no signal here", "phone dead", "line is down", "cannot call", "network gone"]
    for number, text in enumerate(texts):
        small.mention(text, author=f"a{number}", category="outage_network", level=3)
    small.mention("pas de réseau", author="fr", category="outage_network", language="fr")
    run(small)
    with small.db.read() as session:
        incident = session.scalars(select(Incident)).one()
        assert (incident.alerts, incident.category, incident.state) == (5, "outage_network", "open")
    assert [alert.incident_id is not None for alert in small.alerts()] == [True] * 5 + [False]
    flow.close(small.db, small.viewer(), [alert.id for alert in small.alerts()[:5]], at=AT)
    with small.db.read() as session:
        assert session.scalars(select(Incident.state)).one() == "closed"


def test_an_answer_written_on_the_platform_stops_the_clock(scene: Scene) -> None:
    mention_id = scene.mention()
    run(scene)
    scene.own_post(scene.external_id(mention_id), posted_at=AT - timedelta(minutes=2))
    run(scene)
    (alert,) = scene.alerts()
    assert (alert.state, alert.first_response_at) == ("answered", AT - timedelta(minutes=2))
    with scene.db.read() as session:
        reply = session.scalars(select(Reply)).one()
        assert (reply.origin, reply.state, reply.person_id) == ("native", "sent", None)


def test_a_review_that_carries_our_answer_already_pages_nobody(small: Scene) -> None:
    small.mention(existing_reply="Thank you!", kind="review")
    assert run(small) == []
    assert [alert.state for alert in small.alerts()] == ["answered"]
