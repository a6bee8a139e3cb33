"""An unclear call ends as one public reply: looked up, never simply posted again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts import reply
from alerts.errors import Conflict
from alerts.models import Reply
from alerts.replying import send as send_
from listener.db import now
from listener.models import Account
from tests.alerts.replies import TEXT, alert_of, approved, expire, raised
from tests.alerts.scene import Scene


@pytest.mark.parametrize("fault", ["accepted-503", "accepted-dropped", "no-id"])
def test_accepted_but_unclear_is_found_and_never_posted_again(scene: Scene, fault: str) -> None:
    mention_id, alert_id = raised(scene)
    reply_id = approved(scene, mention_id)
    scene.platform.plan(fault)
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "unknown"
    assert alert_of(scene, alert_id).state == "open"
    with pytest.raises(Conflict):
        approved(scene, mention_id, "noa")
    assert reply.send(scene.db, scene.ground, at=now() + timedelta(hours=1)) == []
    expire(scene, reply_id)
    assert reply.resolve(scene.db, scene.ground) == [reply_id]
    assert (scene.reply(reply_id).state, scene.reply(reply_id).external_id) == ("sent", "r1")
    assert alert_of(scene, alert_id).state == "answered"
    assert scene.platform.calls() == 1


@pytest.mark.parametrize("fault", ["timeout", "500", "plain"])
def test_unclear_and_not_there_is_posted_after_a_look(scene: Scene, fault: str) -> None:
    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)
    scene.platform.plan(fault)
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "unknown"
    expire(scene, reply_id)
    assert reply.resolve(scene.db, scene.ground) == [reply_id]
    assert scene.reply(reply_id).state == "approved"
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "sent"
    assert len(scene.platform.replies()) == 1


def test_inside_the_read_lag_nothing_is_concluded(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.set("lag", 60)
    small.platform.plan("timeout")
    reply.send(small.db, small.ground)
    row = small.reply(reply_id)
    assert row.check_after is not None
    assert row.tried_at is not None
    assert row.check_after >= row.tried_at + timedelta(seconds=60)
    assert reply.resolve(small.db, small.ground) == []
    expire(small, reply_id)
    assert reply.resolve(small.db, small.ground) == []
    assert "checking" in (small.reply(reply_id).error or "")
    later = now() + timedelta(minutes=2)
    assert reply.resolve(small.db, small.ground, at=later) == [reply_id]
    assert small.reply(reply_id).state == "approved"


@pytest.mark.parametrize("found", ["unsure", "error"])
def test_what_cannot_be_looked_up_stays_unknown_until_a_person_says(small: Scene, found: str) -> None:
    mention_id, alert_id = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan("timeout")
    small.platform.set("find", found)
    reply.send(small.db, small.ground)
    for _ in range(3):
        expire(small, reply_id)
        assert reply.resolve(small.db, small.ground) == []
    assert small.reply(reply_id).state == "unknown"
    reply.settle(small.db, reply_id, small.people["mia"], posted=True, url="https://fake.example.test/r9")
    assert (small.reply(reply_id).state, alert_of(small, alert_id).state) == ("by_hand", "answered")


def test_refused_is_failed_with_the_hint_and_can_be_written_again(small: Scene) -> None:
    mention_id, alert_id = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan("422")
    reply.send(small.db, small.ground)
    row = small.reply(reply_id)
    assert (row.state, row.error) == ("failed", "refused Shorten it.")
    assert alert_of(small, alert_id).state == "open"
    assert approved(small, mention_id) != reply_id
    reply.send(small.db, small.ground)
    assert len(small.platform.replies()) == 1


def test_an_expired_token_fails_the_reply_and_marks_the_account(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan("401")
    reply.send(small.db, small.ground)
    assert small.reply(reply_id).state == "failed"
    with small.db.read() as session:
        account = session.get_one(Account, small.account_id)
        assert (account.health, account.health_note) == (
            "attention",
            "token expired Connect the account again.",
        )


@pytest.mark.parametrize(("fault", "seconds"), [("429", 90), ("unreachable", 30)])
def test_certainly_not_posted_is_tried_again_after_a_while(small: Scene, fault: str, seconds: int) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan(fault)
    at = now()
    reply.send(small.db, small.ground, at=at)
    row = small.reply(reply_id)
    assert (row.state, row.send_after) == ("approved", at + timedelta(seconds=seconds))
    assert reply.send(small.db, small.ground, at=at + timedelta(seconds=seconds - 1)) == []
    assert reply.send(small.db, small.ground, at=at + timedelta(seconds=seconds)) == [reply_id]
    assert len(small.platform.replies()) == 1


def test_it_gives_up_after_five_tries(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan(*["unreachable"] * 9)
    for _ in range(5):
        expire(small, reply_id)
        reply.send(small.db, small.ground)
    assert small.reply(reply_id).state == "failed"
    assert small.platform.calls() == 5


@pytest.mark.parametrize("posted", [True, False])
def test_a_lost_sender_leaves_an_unknown_reply_that_is_looked_up(scene: Scene, posted: bool) -> None:
    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)
    with scene.db.work() as session:  # what a killed process leaves behind
        row = session.get_one(Reply, reply_id)
        row.state, row.tried_at, row.attempts = "sending", now() - timedelta(minutes=9), 1
        row.lease_until = now() - timedelta(minutes=4)
    if posted:
        scene.platform.post(scene.external_id(mention_id), TEXT, "k")
    assert reply.send(scene.db, scene.ground) == []
    assert reply.resolve(scene.db, scene.ground) == []
    assert scene.reply(reply_id).state == "unknown"
    expire(scene, reply_id)
    assert reply.resolve(scene.db, scene.ground) == [reply_id]
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "sent"
    assert len(scene.platform.replies()) == 1


def test_a_sender_that_still_holds_its_lease_is_left_alone(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    with small.db.work() as session:
        row = session.get_one(Reply, reply_id)
        row.state, row.tried_at, row.lease_until = "sending", now(), now() + timedelta(minutes=5)
    assert reply.send(small.db, small.ground) == []
    assert reply.resolve(small.db, small.ground) == []
    assert small.reply(reply_id).state == "sending"


def test_whoever_looked_for_too_long_does_not_send_what_another_has_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)

    def slowly(*_args: object, **_options: object) -> None:
        monkeypatch.setattr(send_, "look", lambda *_args, **_options: None)
        expire(scene, reply_id)
        assert reply.expired(scene.db) == [reply_id]
        for work in (reply.resolve, reply.send):  # another process: not there, so it is sent
            expire(scene, reply_id)
            assert work(scene.db, scene.ground) == [reply_id]

    monkeypatch.setattr(send_, "look", slowly)
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "sent"
    assert scene.platform.calls() == 1
    assert len(scene.platform.replies()) == 1


def test_a_defect_in_looking_does_not_keep_the_answer_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise KeyError("id")

    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)
    monkeypatch.setattr(send_, "look", broken)
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "sent"
