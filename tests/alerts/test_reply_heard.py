"""A stream hears our answer before the call that published it has ended: whoever notes that waits for the other."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from alerts import flow
from alerts.models import Reply
from alerts.replying import resolve, send
from alerts.settings import AlertSettings
from listener.channels.base import Sent
from listener.db import now
from tests.alerts.replies import approved, raised
from tests.alerts.scene import Scene


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_neither_waits_for_what_the_other_holds(scene: Scene, state: str) -> None:
    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)
    with scene.db.work() as session:
        session.execute(update(Reply).where(Reply.id == reply_id).values(state=state, tried_at=now()))
    found, settings, begun = Sent("r1", "https://fake.example.test/r1"), AlertSettings(), threading.Event()

    def note() -> None:
        begun.set()
        if state == "sending":
            send._sent(scene.db, reply_id, found, now(), settings, now())
        else:
            resolve._conclude(scene.db, reply_id, found, settings, now())

    with ThreadPoolExecutor(1) as other:
        with scene.db.work() as session:
            flow.changing(session)  # triage, as it takes note of our own posts
            ending = other.submit(note)
            assert begun.wait(5)
            time.sleep(0.3)
            values = {"url": "https://fake.example.test/heard"}
            session.execute(update(Reply).where(Reply.id == reply_id).values(values))
        ending.result(20)
    assert scene.reply(reply_id).state == "sent"
