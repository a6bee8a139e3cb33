"""Claims never overlap, expired leases come back, edited mentions stay where they are."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import event, select, update

from listener import stages
from listener.db import Database, now
from listener.models import Mention


def fill(db: Database, count: int) -> list[int]:
    with db.work() as session:
        rows = [
            Mention(channel="file", external_id=str(n), text=f"text {n}", fingerprint=str(n), posted_at=now())
            for n in range(count)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def test_claim_takes_the_oldest_and_no_more_than_the_limit(db: Database) -> None:
    ids = fill(db, 10)
    assert stages.claim(db, stages.COLLECTED, limit=4) == ids[:4]
    assert stages.claim(db, stages.COLLECTED, limit=4) == ids[4:8]
    assert stages.claim(db, stages.COLLECTED, limit=4) == ids[8:]
    assert stages.claim(db, stages.COLLECTED, limit=4) == []


def test_concurrent_claims_do_not_overlap(db: Database) -> None:
    ids = fill(db, 120)
    claimed: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        while batch := stages.claim(db, stages.COLLECTED, limit=7):
            with lock:
                claimed.extend(batch)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == ids


def test_an_expired_lease_is_claimed_again_and_gives_up_in_the_end(db: Database) -> None:
    (mention_id,) = fill(db, 1)
    at = now()
    for _ in range(stages.MAX_ATTEMPTS):
        assert stages.claim(db, stages.COLLECTED, at=at) == [mention_id]
        assert stages.claim(db, stages.COLLECTED, at=at) == []
        at += timedelta(minutes=3)
    assert stages.claim(db, stages.COLLECTED, at=at) == []
    with db.read() as session:
        row = session.scalars(select(Mention)).one()
    assert row.stage == stages.STUCK
    assert "gave up after 5 tries" in (row.stuck_reason or "")
    with db.work() as session:
        assert stages.release(session) == 1
    assert stages.claim(db, stages.COLLECTED, at=at) == [mention_id]


def test_give_back_does_not_count_as_a_try(db: Database) -> None:
    ids = fill(db, 2)
    for _ in range(stages.MAX_ATTEMPTS + 2):
        assert stages.claim(db, stages.COLLECTED) == ids
        stages.give_back(db, ids)


def test_move_leaves_a_mention_that_went_back_meanwhile(db: Database) -> None:
    first, second = fill(db, 2)
    with db.work() as session:
        session.execute(update(Mention).where(Mention.id == first).values(stage=stages.SCORED))
        stages.move(session, [first, second], origin=stages.SCORED, to=stages.TRIAGED)
    with db.read() as session:
        found = dict(session.execute(select(Mention.id, Mention.stage)).all())
    assert found == {first: stages.TRIAGED, second: stages.COLLECTED}


def test_claim_finds_what_waits_by_index(sqlite_db: Database) -> None:
    seen: list[tuple[str, object]] = []

    def note(_conn: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        seen.append((statement, parameters))

    event.listen(sqlite_db.engine, "before_cursor_execute", note)
    stages.claim(sqlite_db, stages.COLLECTED)
    event.remove(sqlite_db.engine, "before_cursor_execute", note)
    asked = [(sql, values) for sql, values in seen if "mention" in sql]
    assert asked
    for sql, values in asked:
        with sqlite_db.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        assert any("ix_mention_waiting" in row[-1] for row in plan), plan
        assert not any(row[-1] == "SCAN mention" for row in plan), plan
