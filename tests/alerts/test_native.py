"""Our own posts written on the platform: which mention they answer, and what they change."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from alerts import native, triage
from alerts.models import Alert, Reply
from listener.models import OwnPost
from tests.alerts.scene import AT, Scene


def states(scene: Scene) -> list[str]:
    return [alert.state for alert in scene.alerts()]


def test_by_its_parent_else_by_the_newest_older_post_of_the_thread(scene: Scene) -> None:
    first = scene.mention(thread="t1", posted_at=AT - timedelta(minutes=30))
    scene.mention(thread="t1", author="bob", posted_at=AT - timedelta(minutes=20))
    triage.triage(scene.db, at=AT)
    scene.own_post(scene.external_id(first), thread="t1", posted_at=AT - timedelta(minutes=10))
    assert native.native_replies(scene.db, at=AT) == 1
    assert states(scene) == ["answered", "open"]
    scene.own_post("somebody-elses", thread="t1", posted_at=AT - timedelta(minutes=15))
    assert native.native_replies(scene.db, at=AT) == 1
    assert states(scene) == ["answered", "answered"]
    assert native.native_replies(scene.db, at=AT) == 0
    with scene.db.read() as session:
        assert set(session.scalars(select(OwnPost.seen))) == {True}


def test_a_post_in_no_thread_we_know_changes_nothing(small: Scene) -> None:
    small.mention()
    triage.triage(small.db, at=AT)
    small.own_post("unknown")
    small.own_post(None)
    assert native.native_replies(small.db, at=AT) == 0
    assert states(small) == ["open"]


def test_an_answer_to_an_older_post_keeps_the_alert_open_for_the_newer(small: Scene) -> None:
    first = small.mention(thread="t1", posted_at=AT - timedelta(minutes=30))
    small.mention("and now?", thread="t1", posted_at=AT - timedelta(minutes=5))
    triage.triage(small.db, at=AT)
    small.own_post(small.external_id(first), posted_at=AT - timedelta(minutes=20))
    native.native_replies(small.db, at=AT)
    (alert,) = small.alerts()
    assert (alert.state, alert.first_response_at) == ("open", AT - timedelta(minutes=20))


def test_an_answer_to_a_mention_without_alert_is_kept(small: Scene) -> None:
    mention_id = small.mention(level=0)
    triage.triage(small.db, at=AT)
    small.own_post(small.external_id(mention_id), url="https://fake.example.test/o1")
    assert native.native_replies(small.db, at=AT) == 1
    with small.db.read() as session:
        reply = session.scalars(select(Reply)).one()
        assert (reply.mention_id, reply.alert_id, reply.url) == (
            mention_id,
            None,
            "https://fake.example.test/o1",
        )
        assert session.scalars(select(Alert)).all() == []
