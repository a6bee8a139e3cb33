"""What stops a reply: a colleague, a second pair of eyes, an edited post, the platform, the guard."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from alerts import holding, reply, triage
from alerts.errors import Blocked, Conflict, Forbidden, NotFound
from alerts.models import Alert, Reply
from listener.models import Mention
from tests.alerts.replies import TEXT, alert_of, approved, raised
from tests.alerts.scene import AT, Scene


def test_a_colleagues_own_answer_supersedes_what_waits_and_proves_what_is_unclear(small: Scene) -> None:
    mention_id, _ = raised(small)
    waiting = approved(small, mention_id, undo_seconds=60)
    small.own_post(small.external_id(mention_id), "Already done, see you!")
    triage.native_replies(small.db)
    assert small.reply(waiting).state == "superseded"
    with pytest.raises(Conflict, match="a colleague"):
        approved(small, mention_id)

    other, alert_id = raised(small, author="bob")
    unclear = approved(small, other)
    small.platform.plan("timeout")
    reply.send(small.db, small.ground)
    small.own_post(small.external_id(other), f"@bob {TEXT}", external_id="r77")
    triage.native_replies(small.db)
    assert (small.reply(unclear).state, small.reply(unclear).external_id) == ("sent", "r77")
    assert alert_of(small, alert_id).state == "answered"


def test_our_own_reply_coming_back_by_the_poll_is_not_a_colleagues(small: Scene) -> None:
    mention_id, _ = raised(small)
    approved(small, mention_id)
    reply.send(small.db, small.ground)
    small.own_post(small.external_id(mention_id), TEXT, external_id="r1")
    assert triage.native_replies(small.db) == 0
    with small.db.read() as session:
        assert len(session.scalars(select(Reply.id)).all()) == 1


def test_approval_needs_a_second_person_who_may(scene: Scene) -> None:
    mention_id, alert_id = raised(scene)
    with scene.db.work() as session:
        session.get_one(Alert, alert_id).needs_approval = True
    reply_id = approved(scene, mention_id)
    assert scene.reply(reply_id).state == "awaiting_approval"
    assert reply.send(scene.db, scene.ground) == []
    for person in ("mia", "noa", "max"):
        with pytest.raises(Forbidden):
            reply.approve_waiting(scene.db, reply_id, scene.people[person])
    reply.reject(scene.db, reply_id, scene.people["lea"], reason="too short")
    assert (scene.reply(reply_id).state, scene.reply(reply_id).error) == ("rejected", "too short")
    second = approved(scene, mention_id)
    with scene.db.work() as session:
        session.get_one(Reply, second).person_id = scene.people["lea"]
    with pytest.raises(Forbidden, match="of their own"):
        reply.approve_waiting(scene.db, second, scene.people["lea"])
    with scene.db.work() as session:
        session.get_one(Reply, second).person_id = scene.people["mia"]
    reply.approve_waiting(scene.db, second, scene.people["lea"])
    with pytest.raises(Conflict):
        reply.reject(scene.db, second, scene.people["lea"])
    assert reply.send(scene.db, scene.ground) == [second]
    assert scene.reply(second).approver_id == scene.people["lea"]


def test_a_post_that_changed_or_vanished_meanwhile_is_not_answered(small: Scene) -> None:
    changed, _ = raised(small)
    first = approved(small, changed)
    small.rescore(changed)
    gone, _ = raised(small, author="bob")
    second = approved(small, gone)
    with small.db.work() as session:
        session.get_one(Mention, gone).gone_at = AT
    reply.send(small.db, small.ground)
    assert (small.reply(first).state, small.reply(second).state) == ("superseded", "failed")
    assert small.platform.calls() == 0
    approved(small, changed)
    reply.send(small.db, small.ground)
    assert len(small.platform.replies()) == 1


def test_an_edited_post_may_be_answered_again(small: Scene) -> None:
    mention_id, _ = raised(small)
    approved(small, mention_id)
    reply.send(small.db, small.ground)
    small.rescore(mention_id)
    approved(small, mention_id, text="Thank you for the news, we are on it.")
    reply.send(small.db, small.ground)
    assert len(small.platform.replies()) == 2


@pytest.mark.parametrize("mode", ["link", "none"])
def test_where_we_cannot_reply_it_is_recorded_by_hand(small: Scene, mode: str) -> None:
    mention_id, alert_id = raised(small)
    small.platform.set("mode", mode)
    with pytest.raises(Blocked, match="replies are closed"):
        approved(small, mention_id)
    reply_id = reply.by_hand(small.db, mention_id, small.people["mia"], "https://fake.example.test/x")
    assert (small.reply(reply_id).state, alert_of(small, alert_id).state) == ("by_hand", "answered")
    with pytest.raises(Conflict):
        reply.by_hand(small.db, mention_id, small.people["noa"])


def test_replies_closed_after_approval_fail_without_a_call(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.set("mode", "none")
    reply.send(small.db, small.ground)
    assert (small.reply(reply_id).state, small.platform.calls()) == ("failed", 0)


def test_what_the_platform_wants_in_front_counts(small: Scene) -> None:
    mention_id, _ = raised(small)
    small.platform.set("in_front", "@ann ")
    with pytest.raises(Blocked, match="too long by 3: 503 of at most 500"):
        approved(small, mention_id, text="x" * 498)
    verdict = reply.check(small.db, small.ground, mention_id=mention_id, text="Thank you.")
    assert (verdict.count, verdict.public) == (15, "@ann Thank you.")


def test_the_guard_stops_what_is_too_long_or_has_gaps(small: Scene) -> None:
    mention_id, _ = raised(small)
    for text, words in (
        ("", "empty"),
        ("x" * 501, "too long by 1: 501 of at most 500"),
        ("Dear {name}", "Fill in {name}"),
    ):
        with pytest.raises(Blocked, match=words):
            approved(small, mention_id, text=text)


def test_a_foreign_brand_does_not_exist_and_a_manager_may_not_write(small: Scene) -> None:
    mention_id, _ = raised(small)
    with pytest.raises(NotFound):
        approved(small, mention_id, "omar")
    with pytest.raises(Forbidden):
        approved(small, mention_id, "max")
    reply_id = approved(small, mention_id)
    with pytest.raises(NotFound):
        reply.undo(small.db, reply_id, small.people["omar"])
    with pytest.raises(Forbidden):
        reply.undo(small.db, reply_id, small.people["noa"])


def test_a_restored_instance_sends_nothing_until_confirmed(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    with small.db.work() as session:
        holding.hold(session, "restored")
    assert reply.send(small.db, small.ground) == []
    with small.db.work() as session:
        holding.confirm(session)
    assert reply.send(small.db, small.ground) == [reply_id]
