"""Sent is not visible: what the platform took and does not show yet, shows, or will not show."""

from __future__ import annotations

from datetime import timedelta

from alerts import native, reply
from alerts.models import Reply
from listener.db import now
from tests.alerts.replies import TEXT, alert_of, approved, expire, raised
from tests.alerts.scene import Scene


def sent(scene: Scene) -> tuple[int, int]:
    """A reply that the platform took and does not show; return (reply, alert)."""
    mention_id, alert_id = raised(scene)
    scene.platform.set("pending", True)
    reply_id = approved(scene, mention_id)
    reply.send(scene.db, scene.ground)
    return reply_id, alert_id


def look(scene: Scene) -> list[int]:
    return reply.look(scene.db, scene.ground)


def test_pending_until_the_platform_shows_it(scene: Scene) -> None:
    reply_id, alert_id = sent(scene)
    row = scene.reply(reply_id)
    assert (row.state, row.pending) == ("sent", True)
    assert alert_of(scene, alert_id).state == "answered"
    assert look(scene) == []  # not at once
    expire(scene, reply_id)
    assert look(scene) == []
    row = scene.reply(reply_id)
    assert (row.state, row.pending) == ("sent", True)
    assert row.check_after is not None
    assert row.check_after > now()
    scene.platform.set("pending", False)
    expire(scene, reply_id)
    assert look(scene) == [reply_id]
    row = scene.reply(reply_id)
    assert (row.state, row.pending, row.check_after) == ("visible", False, None)
    assert alert_of(scene, alert_id).state == "answered"
    expire(scene, reply_id)
    assert look(scene) == []


def test_what_the_platform_will_not_show_has_failed_and_the_clock_runs_again(scene: Scene) -> None:
    reply_id, alert_id = sent(scene)
    assert alert_of(scene, alert_id).first_response_at is not None
    scene.platform.set("find", "refused")
    expire(scene, reply_id)
    assert look(scene) == [reply_id]
    row = scene.reply(reply_id)
    assert (row.state, row.pending, row.error) == ("failed", False, "it broke the platform's rules")
    alert = alert_of(scene, alert_id)
    assert (alert.state, alert.first_response_at, alert.waiting) == ("open", None, False)
    approved(scene, row.mention_id)  # and can be answered again


def test_an_earlier_answer_keeps_its_time(small: Scene) -> None:
    mention_id, alert_id = raised(small)
    approved(small, mention_id)
    reply.send(small.db, small.ground)
    first = alert_of(small, alert_id).first_response_at
    small.platform.set("pending", True)
    second = approved(small, mention_id, again=True)
    reply.send(small.db, small.ground)
    small.platform.set("find", "refused")
    expire(small, second)
    look(small)
    assert alert_of(small, alert_id).first_response_at == first


def test_who_cannot_tell_is_asked_ever_more_rarely_and_not_for_ever(small: Scene) -> None:
    reply_id, _ = sent(small)
    small.platform.set("find", "error")
    for age in (timedelta(minutes=10), timedelta(days=2), timedelta(days=9)):
        with small.db.work() as session:
            row = session.get_one(Reply, reply_id)
            row.sent_at, row.check_after = now() - age, now() - timedelta(seconds=1)
        assert look(small) == []
        wait = small.reply(reply_id).check_after
        if age > timedelta(days=8):
            assert wait is None
        else:
            assert wait is not None
            assert wait - now() <= timedelta(hours=1)
    assert small.reply(reply_id).pending


def test_an_unclear_reply_that_was_refused_has_failed(small: Scene) -> None:
    mention_id, alert_id = raised(small)
    small.platform.plan("accepted-503")
    reply_id = approved(small, mention_id)
    reply.send(small.db, small.ground)
    small.platform.set("find", "refused")
    expire(small, reply_id)
    reply.resolve(small.db, small.ground)
    assert (small.reply(reply_id).state, alert_of(small, alert_id).state) == ("failed", "open")


def test_a_moderated_answer_that_is_heard_under_its_final_id_is_ours(scene: Scene) -> None:
    reply_id, _ = sent(scene)
    mention_id = scene.reply(reply_id).mention_id
    scene.own_post(
        scene.external_id(mention_id), TEXT, external_id="final-7", url="https://fake.example.test/7"
    )
    assert native.native_replies(scene.db) == 0
    row = scene.reply(reply_id)
    assert (row.state, row.pending, row.external_id) == ("visible", False, "final-7")
    assert row.url == "https://fake.example.test/7"
