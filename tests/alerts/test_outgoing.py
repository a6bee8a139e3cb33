from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from alerts import outgoing
from alerts.models import Delivery
from listener.db import Database

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


def waiting(db: Database, count: int = 1) -> list[int]:
    with db.work() as session:
        rows = [Delivery(key=f"k{n}", kind="alert", next_try_at=AT, created_at=AT) for n in range(count)]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def row(db: Database, row_id: int) -> Delivery:
    with db.read() as session:
        return session.get_one(Delivery, row_id)


def test_two_workers_never_get_the_same_row(db: Database) -> None:
    ids = waiting(db, 30)

    def work(_: int) -> list[int]:
        got = []
        while claims := outgoing.claim(db, Delivery, at=AT, limit=2):
            got += [claim.id for claim in claims]
        return got

    with ThreadPoolExecutor(4) as pool:
        taken = [row_id for got in pool.map(work, range(4)) for row_id in got]
    assert sorted(taken) == ids


def test_a_row_that_is_not_due_waits(db: Database) -> None:
    waiting(db)
    assert outgoing.claim(db, Delivery, at=AT - timedelta(seconds=1), limit=1) == []
    assert len(outgoing.claim(db, Delivery, at=AT, limit=1)) == 1


def test_who_dies_before_sending_gives_the_row_back(db: Database) -> None:
    waiting(db)
    (slow,) = outgoing.claim(db, Delivery, at=AT, limit=1)
    later = AT + outgoing.LEASE + timedelta(seconds=1)
    (quick,) = outgoing.claim(db, Delivery, at=later, limit=1)
    with db.work() as session:
        assert not outgoing.begin(session, Delivery, slow, at=later)  # the slow one wakes up: too late
        assert outgoing.begin(session, Delivery, quick, at=later)


def test_who_dies_while_sending_leaves_a_failed_row_and_no_second_mail(db: Database) -> None:
    (row_id,) = waiting(db)
    (claim,) = outgoing.claim(db, Delivery, at=AT, limit=1)
    with db.work() as session:
        outgoing.begin(session, Delivery, claim, at=AT)
    later = AT + outgoing.LEASE + timedelta(seconds=1)
    with db.work() as session:
        assert outgoing.bury(session, Delivery, at=AT) == []
        assert outgoing.bury(session, Delivery, at=later) == [row_id]
        assert not outgoing.sent(session, Delivery, claim, at=later)
    assert outgoing.claim(db, Delivery, at=later, limit=1) == []
    assert (row(db, row_id).state, row(db, row_id).error) == ("failed", outgoing.UNKNOWN)


def test_tries_are_spaced_and_come_to_an_end(db: Database) -> None:
    (row_id,) = waiting(db)
    at, pauses = AT, []
    while claims := outgoing.claim(db, Delivery, at=at, limit=1):
        with db.work() as session:
            outgoing.begin(session, Delivery, claims[0], at=at)
            outgoing.later(session, Delivery, claims[0], "mailbox busy", at=at)
        found = row(db, row_id)
        pauses.append(found.next_try_at - at)
        at = found.next_try_at
    assert tuple(pauses[:-1]) == outgoing.WAITS
    assert row(db, row_id).state == "failed"
    assert "gave up after 8 tries: mailbox busy" in (row(db, row_id).error or "")


def test_a_row_that_kills_its_workers_is_buried(db: Database) -> None:
    (row_id,) = waiting(db)
    at = AT
    for _ in range(40):
        outgoing.claim(db, Delivery, at=at, limit=1)
        at += outgoing.LEASE + timedelta(seconds=1)
        with db.work() as session:
            if outgoing.bury(session, Delivery, at=at):
                break
    assert row(db, row_id).state == "failed"
