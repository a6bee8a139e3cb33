"""The split processes on PostgreSQL and a real broker: two workers and two clocks, every mention scored once, every
digest sent once. Needs ALLEARS_TEST_DATABASE_URL and ALLEARS_TEST_REDIS_URL / ALLEARS_TEST_AMQP_URL.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, make_url, select, text

from alerts import people
from alerts.models import Alert, Digest, Person
from alerts.smtp_sink import Sink
from listener import brands, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from listener.models import Mention
from listener.settings import ListenerSettings
from listener.simulator import Simulator
from listener.vault import Vault
from sentiment.models import Score
from web import schema

pytestmark = pytest.mark.service
POSTGRES = os.environ.get("ALLEARS_TEST_DATABASE_URL")
BROKERS = {
    "redis": os.environ.get("ALLEARS_TEST_REDIS_URL"),
    "rabbitmq": os.environ.get("ALLEARS_TEST_AMQP_URL"),
}
PATIENCE = (
    300.0  # seconds at most for the walk of a whole simulated week, on a machine that does other things too
)


@pytest.fixture(params=["redis", "rabbitmq"])
def queue_url(request: pytest.FixtureRequest) -> str:
    url = BROKERS[request.param]
    if not url or not POSTGRES:
        pytest.skip(
            f"no PostgreSQL or no {request.param} URL is set (ALLEARS_TEST_…): split processes are not tested"
        )
    return url


@pytest.fixture
def database(queue_url: str) -> Iterator[str]:
    del queue_url
    name = f"allears_split_{uuid.uuid4().hex[:10]}"
    engine = create_engine(POSTGRES or "", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield make_url(POSTGRES or "").set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def split(database: str) -> Iterator[Database]:
    db = Database(database)
    schema.upgrade(db)
    yield db
    db.dispose()


def test_two_workers_and_two_clocks(split: Database, database: str, queue_url: str, tmp_path: Path) -> None:
    simulator = Simulator(live=False)
    base_url = simulator.start()
    sink = Sink(tmp_path / "mail")
    sink.start()
    host = base_url.removeprefix("http://")
    environment = os.environ | {
        "ALLEARS_HOME": str(tmp_path),
        "ALLEARS_DATABASE__URL": database,
        "ALLEARS_QUEUE__URL": queue_url,
        "ALLEARS_NETWORK__ALLOW": json.dumps([host]),
        "ALLEARS_MAIL__HOST": "127.0.0.1",
        "ALLEARS_MAIL__PORT": str(sink.port),
        "ALLEARS_MAIL__SECURITY": "none",
        "ALLEARS_LOG__LEVEL": "info",
    }
    db = split
    ground = Ground(
        http=Http(allow=[host]), vault=Vault.open(tmp_path / "secret.key"), settings=ListenerSettings()
    )
    brands.add(db, simulator.world.brand_name, query=simulator.world.brand_query)
    for number in (1, 2):
        sources.add(
            db,
            ground,
            "mastodon",
            name=f"Mastodon {number}",
            brand=simulator.world.brand_name,
            settings={"base_url": base_url, "access_token": simulator.token},
            since=now() - timedelta(days=8),
        )
    for name in ("dana", "avi"):
        people.add_person(
            db, f"{name}@example.test", role="manager", password="long pass phrase", brands=[], name=name
        )
    processes = [
        start(kind, environment, tmp_path / f"{kind}-{n}.log") for kind in ("worker", "ticks") for n in (1, 2)
    ]
    try:
        wait_until(lambda: settled(db), processes)
        with db.work() as session:  # only now: a digest of an empty day is not sent, and not made again
            for person in session.scalars(select(Person)):
                person.digest_daily, person.digest_hour = True, 0
                person.created_at = now() - timedelta(days=8)  # yesterday's digest is for who was there
        wait_until(lambda: digests_sent(db) == 2, processes)
    finally:
        stop_all(processes)
        sink.stop()
        simulator.stop()

    with db.read() as session:
        mentions = session.scalar(select(func.count()).select_from(Mention)) or 0
        scores = session.scalar(select(func.count()).select_from(Score)) or 0
        alerts = session.scalars(select(Alert.mention_id)).all()
    assert mentions >= 60
    assert scores == mentions
    assert len(alerts) == len(set(alerts)) > 0
    # what the log says was scored, in both workers together: nothing twice
    scored = sum(
        event["mentions"]
        for log_file in tmp_path.glob("worker-*.log")
        for event in map(as_event, log_file.read_text().splitlines())
        if event.get("event") == "score.batch"
    )
    assert scored == mentions
    mails = [message_from_bytes(mail.read_bytes()) for mail in (tmp_path / "mail").glob("*.eml")]
    digests = Counter(mail["To"] for mail in mails if "digest" in mail["List-Id"])
    assert len(digests) == 2
    assert set(digests.values()) == {1}
    # every notice of a critical alert as well: once for each of the two
    notices = Counter((mail["To"], mail["Subject"]) for mail in mails if "digest" not in mail["List-Id"])
    assert set(notices.values()) <= {1}


def start(kind: str, environment: dict[str, str], log_file: Path) -> subprocess.Popen[bytes]:
    with log_file.open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "web", kind], env=environment, stdout=log, stderr=log)


def stop_all(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(30) for process in processes] == [0] * len(processes)


def wait_until(condition: Callable[[], bool], processes: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert all(process.poll() is None for process in processes), "a process ended early; see its log"
        assert time.monotonic() < deadline, "the walk did not end in time"
        time.sleep(0.5)


def settled(db: Database) -> bool:
    with db.read() as session:
        total = session.scalar(select(func.count()).select_from(Mention)) or 0
        walking = session.scalar(select(func.count()).select_from(Mention).where(Mention.stage != "triaged"))
    return total >= 60 and not walking


def digests_sent(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Digest).where(Digest.state == "sent")) or 0


def as_event(line: str) -> dict[str, object]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
