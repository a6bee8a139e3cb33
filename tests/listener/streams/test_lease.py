"""One process holds a stream; when it is killed another takes it over, when it ends it gives it back."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from listener.db import Database, now
from listener.ground import Ground
from listener.models import Source
from listener.streams import lease
from listener.streams.models import Stream
from tests.listener.rooms import page, post
from tests.listener.streams.room import Brook, Make, brook, furnish, heard_ids, is_up, process, row, spans
from tests.listener.wire_room import until

__all__ = ["brook", "process"]
Begin = Callable[[Database], "subprocess.Popen[str]"]


def candidates(db: Database) -> dict[int, lease.Held]:
    with db.read() as session:
        return lease.wanted(session)


def claim(db: Database, room: int = 10) -> list[lease.Held]:
    return lease.claim(db, candidates(db), at=now(), room=room)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=3))


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Start processes that hold streams."""
    made: list[subprocess.Popen[str]] = []

    def start(db: Database) -> subprocess.Popen[str]:
        url = db.url.render_as_string(hide_password=False)
        one = subprocess.Popen(
            [sys.executable, "-m", "tests.listener.streams.holder", url, "3"],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            text=True,
        )
        made.append(one)
        assert one.stdout is not None
        while "holding" not in one.stdout.readline():
            assert one.poll() is None
        return one

    yield start
    for one in made:
        if one.poll() is None:
            one.kill()
        one.wait(10)
        assert one.stdout is not None
        one.stdout.close()


def test_many_who_claim_at_once_get_each_stream_once(db: Database, kit: Ground, brook: type[Brook]) -> None:
    ids = furnish(db, kit, *[f"source {number}" for number in range(6)])
    taken: list[lease.Held] = []
    ready = threading.Barrier(5)

    def grab() -> None:
        ready.wait()
        for _ in range(3):
            taken.extend(claim(db))

    threads = [threading.Thread(target=grab) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.source_id for one in taken) == ids
    assert claim(db) == []


def test_who_lost_the_lease_stores_nothing(db: Database, kit: Ground, brook: type[Brook]) -> None:
    furnish(db, kit, "one")
    (held,) = claim(db)
    (other,) = lease.claim(db, candidates(db), at=now() + 2 * lease.LEASE, room=1)
    assert lease.renew(db, [held], at=now()) == [held]
    assert lease.renew(db, [other], at=now()) == []
    with db.work() as session, pytest.raises(lease.LostError):
        lease.mine(session, held)
    with db.work() as session:
        assert lease.mine(session, other).holder == other.token


def test_a_killed_holder_is_followed_by_another(
    db: Database, kit: Ground, brook: type[Brook], process: Make, begin: Begin, short: None
) -> None:
    (source_id,) = furnish(db, kit, "one")
    first = begin(db)
    until(lambda: is_up(db, source_id))
    token = row(db, source_id).holder
    process(db)
    time.sleep(4)  # longer than a lease: the holder renews it, nobody else gets it
    assert (row(db, source_id).holder, brook.connected) == (token, [])
    first.send_signal(signal.SIGKILL)
    began = time.monotonic()
    until(lambda: brook.connected, 15)
    assert time.monotonic() - began < 8
    until(lambda: is_up(db, source_id) and len(spans(db)) == 2)
    assert row(db, source_id).holder != token
    dead, _alive = spans(db)
    assert dead.error == "the process that held the stream ended without a word"
    assert dead.ended_at is not None
    brook.arrivals.put(page(post("1")))
    until(lambda: heard_ids(db) == ["1"])


def test_a_process_that_is_told_to_end_gives_it_back_at_once(
    db: Database, kit: Ground, brook: type[Brook], begin: Begin, short: None
) -> None:
    (source_id,) = furnish(db, kit, "one")
    first = begin(db)
    until(lambda: is_up(db, source_id))
    first.send_signal(signal.SIGTERM)
    assert first.wait(8) == 0
    found = row(db, source_id)
    assert (found.holder, found.lease_until, found.state, found.error) == (None, None, "down", None)
    assert len(claim(db)) == 1  # without waiting for a lease to expire


def test_a_stream_that_hangs_does_not_hold_up_the_end(
    db: Database, kit: Ground, brook: type[Brook], process: Make
) -> None:
    (source_id,) = furnish(db, kit, "one")
    running = process(db)
    until(lambda: is_up(db, source_id))
    release, hanging = threading.Event(), threading.Event()
    brook.arrivals.put(hanging.set)
    brook.arrivals.put(release.wait)
    until(hanging.is_set)
    began = time.monotonic()
    running.stop(1.0)
    assert time.monotonic() - began < 3
    assert row(db, source_id).holder is not None  # another one takes it when the lease ends
    release.set()
    until(lambda: row(db, source_id).holder is None)


def test_a_stream_that_hangs_loses_its_lease(
    db: Database, kit: Ground, brook: type[Brook], process: Make, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from listener.streams import supervisor

    monkeypatch.setattr(supervisor, "HUNG", 0.5)
    (source_id,) = furnish(db, kit, "one")
    running = process(db)
    until(lambda: is_up(db, source_id))
    release = threading.Event()
    brook.arrivals.put(release.wait)
    until(lambda: (row(db, source_id).lease_until or now()) < now(), 10)
    (other,) = claim(db)
    brook.arrivals.put(page(post("1")))
    release.set()
    until(lambda: source_id not in running._running)
    assert heard_ids(db) == []
    with db.work() as session:
        assert lease.mine(session, other).state == "down"


def test_a_database_that_was_away_costs_a_lease_and_no_more(
    db: Database, kit: Ground, brook: type[Brook], process: Make, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source_id,) = furnish(db, kit, "one")
    running = process(db)
    until(lambda: is_up(db, source_id))

    def away(_self: Database) -> None:
        raise OperationalError("SELECT 1", {}, Exception("the server is gone"))

    with monkeypatch.context() as patch:
        patch.setattr(Database, "work", away)
        patch.setattr(Database, "read", away)
        brook.arrivals.put(page(post("1")))
        time.sleep(1)
        assert running._thread.is_alive()
    until(lambda: len(brook.connected) == 2, 15)
    until(lambda: is_up(db, source_id) and len(spans(db)) == 2)
    brook.arrivals.put(page(post("2")))
    until(lambda: heard_ids(db) == ["2"])  # the first one is the poll's to find
    assert spans(db)[0].ended_at is not None


def test_paused_removed_and_switched_off_streams_end(
    db: Database, kit: Ground, brook: type[Brook], process: Make
) -> None:
    one, two, three = furnish(db, kit, "one", "two", "three")
    process(db)
    until(lambda: all(is_up(db, number) for number in (one, two, three)))
    with db.work() as session:
        session.get_one(Source, one).state = "paused"
        session.delete(session.get_one(Source, two))
        session.get_one(Source, three).options = {}

    def ended() -> bool:
        with db.read() as session:
            rows = {number: session.get(Stream, number) for number in (one, two, three)}
            return rows[two] is None and all(
                found is not None and found.holder is None for number, found in rows.items() if number != two
            )

    until(ended)


def test_a_platform_with_one_stream_an_account_gets_one(
    db: Database, kit: Ground, brook: type[Brook], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = furnish(db, kit, "one", "two")
    monkeypatch.setattr(Brook, "one_stream", True)
    assert [held.source_id for held in claim(db)] == ids[:1]
    assert claim(db) == []


def test_a_process_takes_no_more_than_it_has_room_for(db: Database, kit: Ground, brook: type[Brook]) -> None:
    furnish(db, kit, "one", "two", "three")
    assert len(claim(db, room=2)) == 2
    assert len(claim(db, room=0)) == 0
    assert len(claim(db, room=2)) == 1
