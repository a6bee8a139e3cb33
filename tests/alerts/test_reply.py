"""A public reply is posted once, whatever people press and however many send."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from alerts import reply, triage
from alerts.errors import Conflict
from alerts.models import Event
from alerts.settings import AlertSettings
from listener.db import now
from tests.alerts.replies import TEXT, alert_of, approved, raised
from tests.alerts.scene import AT, Scene


def test_the_reply_is_on_the_platform_with_its_id_and_stops_the_clock(scene: Scene) -> None:
    mention_id, alert_id = raised(scene)
    reply_id = approved(scene, mention_id)
    assert scene.platform.replies() == []
    assert reply.send(scene.db, scene.ground) == [reply_id]
    (public,) = scene.platform.replies()
    row, alert = scene.reply(reply_id), alert_of(scene, alert_id)
    assert (public["parent"], public["text"], public["key"]) == (scene.external_id(mention_id), TEXT, row.key)
    assert (row.state, row.external_id, row.url) == ("sent", "r1", "https://fake.example.test/r1")
    assert (alert.state, alert.waiting) == ("answered", True)
    assert alert.first_response_at == row.sent_at
    assert alert.follow_up_at == row.sent_at + timedelta(hours=48)
    assert reply.send(scene.db, scene.ground) == []
    with scene.db.read() as session:
        kinds = session.scalars(select(Event.kind).where(Event.reply_id == reply_id)).all()
    assert kinds == ["reply.approved", "reply.sent"]


def test_a_mention_without_an_alert_can_be_answered(small: Scene) -> None:
    mention_id = small.mention("I love it", level=0, sentiment="positive")
    triage.triage(small.db, at=AT)
    reply_id = approved(small, mention_id)
    reply.send(small.db, small.ground)
    assert small.reply(reply_id).state == "sent"
    assert small.reply(reply_id).alert_id is None


def test_nothing_goes_out_inside_the_undo_window_and_undone_is_a_draft(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id, undo_seconds=10)
    assert reply.send(small.db, small.ground) == []
    assert reply.undo(small.db, reply_id, small.people["mia"]) == TEXT
    assert small.reply(reply_id).state == "draft"
    assert reply.send(small.db, small.ground, at=now() + timedelta(minutes=1)) == []
    again = approved(small, mention_id, text="Better words, thank you.")
    assert again == reply_id
    reply.send(small.db, small.ground)
    assert [public["text"] for public in small.platform.replies()] == ["Better words, thank you."]
    with pytest.raises(Conflict, match="too late"):
        reply.undo(small.db, reply_id, small.people["mia"])


def test_the_undo_window_is_the_channels(small: Scene) -> None:
    mention_id, _ = raised(small)
    settings = AlertSettings(undo_seconds_by_channel={"fake": 30})
    at = datetime(2026, 11, 24, tzinfo=UTC)
    reply_id = approved(small, mention_id, undo_seconds=None, settings=settings, at=at)
    assert small.reply(reply_id).send_after == at + timedelta(seconds=30)


def test_the_second_person_gets_a_conflict_that_shows_the_first(scene: Scene) -> None:
    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)
    with pytest.raises(Conflict) as under_way:
        approved(scene, mention_id, "noa", "Other words")
    assert under_way.value.who == "Mia"
    assert under_way.value.what["reply_id"] == reply_id
    assert under_way.value.what["state"] == "approved"
    assert under_way.value.what["text"] == TEXT
    reply.send(scene.db, scene.ground)
    with pytest.raises(Conflict) as done:
        approved(scene, mention_id, "noa", "Other words")
    assert done.value.what["url"] == "https://fake.example.test/r1"
    assert len(scene.platform.replies()) == 1
    approved(scene, mention_id, "noa", "It is fixed now.", again=True)
    reply.send(scene.db, scene.ground)
    assert len(scene.platform.replies()) == 2


def test_many_people_press_send_at_once_and_one_wins(scene: Scene) -> None:
    mention_id, _ = raised(scene)
    won: list[int] = []
    lost: list[Conflict] = []
    start = threading.Barrier(6)

    def press(person: str) -> None:
        start.wait()
        try:
            won.append(approved(scene, mention_id, person))
        except Conflict as error:
            lost.append(error)

    pressing = [
        threading.Thread(target=press, args=(name,)) for name in ("mia", "noa", "lea", "mia", "noa", "lea")
    ]
    for thread in pressing:
        thread.start()
    for thread in pressing:
        thread.join()
    assert len(won) == 1
    assert len(lost) == 5
    assert all(error.what["reply_id"] == won[0] for error in lost)


def test_several_senders_post_each_reply_once(scene: Scene) -> None:
    mentions = [scene.mention(author=f"a{number}") for number in range(12)]
    triage.triage(scene.db, at=AT)
    for mention_id in mentions:
        approved(scene, mention_id)
    senders = [threading.Thread(target=reply.send, args=(scene.db, scene.ground)) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(public["parent"] for public in scene.platform.replies()) == sorted(
        scene.external_id(mention_id) for mention_id in mentions
    )
