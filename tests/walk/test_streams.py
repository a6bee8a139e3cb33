"""Streams in real processes: `allears run` and split workers hear them, one holds each, and all end within seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from listener import brands, sources
from listener.db import Database
from listener.ground import Ground
from listener.http import Http
from listener.models import Mention
from listener.settings import ListenerSettings
from listener.simulator import Simulator
from listener.simulator.api import shapes
from listener.streams.models import Stream
from listener.vault import Vault
from tests.listener.channels.mastodon_room import publish, sim
from tests.listener.wire_room import Talk, talk, until
from tests.walk.test_processes import BROKERS

__all__ = ["sim", "talk"]
Begin = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def begin(db: Database, tmp_path: Path) -> Iterator[Begin]:
    """Start our own commands on the database of the test; what is left at the end is killed."""
    made: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **more: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"process-{len(made)}.log").open("wb")
        environment = os.environ | {
            "ALLEARS_HOME": str(tmp_path),
            "ALLEARS_DATABASE__URL": db.url.render_as_string(hide_password=False),
            "ALLEARS_NETWORK__ALLOW": json.dumps(["127.0.0.1:*"]),
            "ALLEARS_LOG__LEVEL": "info",
        }
        arguments = [sys.executable, "-m", "web", *command]
        one = subprocess.Popen(arguments, env=environment | more, stdout=log, stderr=log)
        log.close()
        made.append(one)
        return one

    yield start
    for one in made:
        if one.poll() is None:
            one.kill()
        one.wait(10)


def furnish(db: Database, home: Path, sim: Simulator, talk: Talk) -> int:
    ground = Ground(Http(), Vault.open(home / "secret.key"), ListenerSettings())
    brands.add(db, "Acme", query="#acmedown")
    given = {"base_url": sim.base_url, "access_token": sim.token, "stream": "true", "stream_url": talk.url}
    return sources.add(db, ground, "mastodon", name="social", brand="Acme", settings=given)


def stream(db: Database, source_id: int) -> Stream | None:
    with db.read() as session:
        return session.get(Stream, source_id)


def is_up(db: Database, source_id: int) -> bool:
    found = stream(db, source_id)
    return found is not None and found.state == "up"


def say(db: Database, sim: Simulator, talk: Talk, text: str) -> None:
    """Say a post on the stream alone and wait until it is stored."""
    status = shapes.status(publish(sim, text, visibility="private"), sim.base_url, sim.world)
    talk.say(json.dumps({"stream": ["hashtag"], "event": "update", "payload": json.dumps(status)}))

    def stored() -> bool:
        with db.read() as session:
            return status["id"] in session.scalars(select(Mention.external_id)).all()

    until(stored, 15)


def test_run_hears_a_stream_and_ends_within_seconds(
    db: Database, sim: Simulator, talk: Talk, begin: Begin, tmp_path: Path
) -> None:
    source_id = furnish(db, tmp_path, sim, talk)
    one = begin("run", "--port", "0")
    until(lambda: is_up(db, source_id), 60)
    say(db, sim, talk, "#acmedown again")
    began = time.monotonic()
    one.send_signal(signal.SIGTERM)
    assert one.wait(20) == 0
    assert time.monotonic() - began < 15
    found = stream(db, source_id)
    assert found is not None
    assert (found.holder, found.state, found.error) == (None, "down", None)
    until(lambda: not talk.open)


@pytest.mark.service
@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
def test_of_two_workers_one_holds_it_and_the_other_takes_over(
    db: Database, sim: Simulator, talk: Talk, begin: Begin, tmp_path: Path
) -> None:
    if not BROKERS["redis"]:
        pytest.skip("ALLEARS_TEST_REDIS_URL is not set: split processes are not tested")
    source_id = furnish(db, tmp_path, sim, talk)
    queue = {"ALLEARS_QUEUE__URL": BROKERS["redis"]}
    begin("worker", "--queues", "score", **queue)  # no worker of polls: keeps no streams
    workers = [begin("worker", "--queues", "poll", **queue) for _ in range(2)]
    until(lambda: is_up(db, source_id), 60)
    say(db, sim, talk, "#acmedown one")
    assert len(talk.visits) == 1
    # whose it is cannot be told from the row: end one after the other, and it is always heard
    workers[0].send_signal(signal.SIGKILL)
    time.sleep(1)  # the other side has seen it
    until(lambda: bool(talk.open) and is_up(db, source_id), 60)
    say(db, sim, talk, "#acmedown two")
    workers.append(begin("worker", "--queues", "poll", **queue))
    workers[1].send_signal(signal.SIGTERM)
    assert workers[1].wait(20) == 0
    until(lambda: bool(talk.open) and is_up(db, source_id), 60)
    say(db, sim, talk, "#acmedown three")
    assert len(talk.open) == 1
