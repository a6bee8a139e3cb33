"""Waiting mentions are scored once each; an edit while the model reads sends the mention round again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sqlalchemy import func, select, update

from listener import stages
from listener.db import Database, now
from listener.models import Mention
from sentiment.models import Score
from sentiment.reader import Reading, Sentiment, Urgency
from sentiment.score import latest, score


class FakeReader:
    """Calls everything a calm complaint; `during` runs while it "reads"."""

    name = "fake-1"

    def __init__(self, during: Callable[[], None] = lambda: None) -> None:
        self.during = during
        self.texts: list[str] = []

    def read(
        self, texts: Sequence[str], *, languages: Sequence[str | None] | None = None, reasons: bool = True
    ) -> list[Reading]:
        del languages, reasons
        self.texts += texts
        self.during()
        return [
            Reading(
                language="en",
                sentiment=Sentiment("negative", 0.8, 0.1, 0.1),
                urgency=Urgency(1, 0.2, (0.1, 0.7, 0.15, 0.05)),
                category="other_none",
                needs_reply=True,
                reasons=(),
                model=self.name,
                vector=b"\x01",
                error=None,
            )
            for _ in texts
        ]


def fill(db: Database, count: int) -> None:
    with db.work() as session:
        session.add_all(
            Mention(channel="file", external_id=str(n), text=f"text {n}", fingerprint=str(n), posted_at=now())
            for n in range(count)
        )


def test_scores_are_saved_and_the_stage_moves(db: Database) -> None:
    fill(db, 3)
    ids = score(db, FakeReader())
    with db.read() as session:
        assert set(session.scalars(select(Mention.stage))) == {stages.SCORED}
        found = latest(session, ids)
    assert [found[i].sentiment for i in ids] == ["negative"] * 3
    assert found[ids[0]].vector is None  # kept for level 2 and 3 only
    assert score(db, FakeReader()) == []


def test_two_workers_score_each_mention_once(db: Database) -> None:
    fill(db, 40)
    readers = [FakeReader(), FakeReader()]

    def work(reader: FakeReader) -> None:
        while score(db, reader, limit=5):
            pass

    threads = [threading.Thread(target=work, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = readers[0].texts + readers[1].texts
    assert sorted(texts) == sorted(f"text {n}" for n in range(40))
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 40


def test_an_edit_meanwhile_is_scored_again(db: Database) -> None:
    fill(db, 1)

    def edit() -> None:
        with db.work() as session:
            session.execute(update(Mention).values(text="edited", revision=2, lease_until=None))

    score(db, FakeReader(edit))
    with db.read() as session:
        assert session.scalars(select(Mention.stage)).one() == stages.COLLECTED
    again = FakeReader()
    score(db, again)
    assert again.texts == ["edited"]


def test_a_crash_keeps_the_row_for_later(db: Database) -> None:
    fill(db, 1)

    def crash() -> None:
        raise RuntimeError

    try:
        score(db, FakeReader(crash))
    except RuntimeError:
        pass
    else:
        raise AssertionError
    with db.read() as session:
        row = session.scalars(select(Mention)).one()
    assert (row.stage, row.attempts) == (stages.COLLECTED, 1)
    assert row.lease_until is not None
