"""A sender is killed (SIGKILL) around the public post: exactly one post, its id known."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from alerts import reply
from alerts.models import Reply
from listener.db import now
from tests.alerts.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
SENDER = """
import sys
from pathlib import Path
import tests.fakes
from alerts import reply
from listener.db import Database
from tests.alerts.scene import Scene
scene = Scene(Database(sys.argv[1]), Path(sys.argv[2]))
reply.send(scene.db, scene.ground)
"""


def sender(scene: Scene) -> int:
    url = scene.db.url.render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "-c", SENDER, url, str(scene.folder)],
        cwd=ROOT,
        check=False,
        timeout=60,
        capture_output=True,
    ).returncode


@pytest.mark.parametrize("fault", ["killed-before", "killed-after"])
def test_a_killed_sender_posts_once(scene: Scene, fault: str) -> None:
    mention_id = scene.mention()
    reply_id = reply.approve(
        scene.db,
        scene.ground,
        mention_id=mention_id,
        text="On it.",
        person_id=scene.people["mia"],
        undo_seconds=0,
    )
    scene.platform.plan(fault)
    assert sender(scene) == -signal.SIGKILL
    assert scene.reply(reply_id).state == "sending"  # committed before the call
    assert len(scene.platform.replies()) == (1 if fault == "killed-after" else 0)
    assert reply.send(scene.db, scene.ground) == []

    past = now() - timedelta(seconds=1)
    for column in ("lease_until", "check_after"):  # the lease ends, then the read lag
        with scene.db.work() as session:
            session.execute(update(Reply).where(Reply.id == reply_id).values({column: past}))
        reply.resolve(scene.db, scene.ground)
    reply.send(scene.db, scene.ground)
    row = scene.reply(reply_id)
    assert (row.state, row.external_id) == ("sent", "r1")
    assert len(scene.platform.replies()) == 1


def test_two_processes_send_each_reply_once(scene: Scene) -> None:
    for number in range(6):
        mention_id = scene.mention(author=f"a{number}")
        reply.approve(
            scene.db,
            scene.ground,
            mention_id=mention_id,
            text="On it.",
            person_id=scene.people["mia"],
            undo_seconds=0,
        )
    scene.platform.plan(*["accepted-slow"] * 6)
    ended: list[int] = []
    senders = [threading.Thread(target=lambda: ended.append(sender(scene))) for _ in range(2)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    assert ended == [0, 0]
    parents = [public["parent"] for public in scene.platform.replies()]
    assert len(parents) == len(set(parents)) == 6
