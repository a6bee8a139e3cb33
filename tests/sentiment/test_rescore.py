"""Scoring again adds rows of the new model and moves nothing else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from listener import brands, stages
from listener.db import Database, now
from listener.models import Account, Hit, Mention, Source
from sentiment.models import Score
from sentiment.rescore import rescore
from sentiment.score import latest, score
from tests.sentiment.test_score import FakeReader, fill


class Newer(FakeReader):
    name = "fake-2"


def test_new_rows_beside_the_old_ones(db: Database) -> None:
    fill(db, 7)
    score(db, FakeReader())
    with db.work() as session:
        session.execute(update(Mention).where(Mention.external_id == "3").values(stage=stages.TRIAGED))
    newer = Newer()
    assert list(rescore(db, newer, batch=3)) == [3, 6, 7]
    assert newer.texts == [f"text {n}" for n in (4, 5, 6, 1, 2, 3, 0)]
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 14
        stages_now = sorted(session.scalars(select(Mention.stage)))
        ids = list(session.scalars(select(Mention.id)))
        assert {row.model for row in latest(session, ids).values()} == {"fake-2"}
    assert stages_now == [stages.SCORED] * 6 + [stages.TRIAGED]
    assert list(rescore(db, Newer())) == []


def test_waiting_mentions_are_left_to_the_worker_and_old_ones_to_the_past(db: Database) -> None:
    fill(db, 3)
    assert list(rescore(db, Newer())) == []
    score(db, FakeReader())
    with db.work() as session:
        session.execute(
            update(Mention).where(Mention.external_id == "0").values(collected_at=now() - timedelta(days=9))
        )
    assert list(rescore(db, Newer(), since=now() - timedelta(days=1))) == [2]


def test_a_brands_own_name_is_taken_out(db: Database) -> None:
    fill(db, 1)
    brand_id = brands.add(db, "War Zone", query="text")
    assert brands.set_neutral_words(db, "war zone", [" text ", "", "text"]) == ["text"]
    with db.work() as session:
        account = Account(kind="file")
        session.add(account)
        session.flush()
        source = Source(brand_id=brand_id, account_id=account.id, kind="file", name="s")
        session.add(source)
        session.flush()
        mention_id = session.scalars(select(Mention.id)).one()
        session.add(Hit(mention_id=mention_id, source_id=source.id, brand_id=brand_id))
    reader = FakeReader()
    score(db, reader)
    assert reader.texts == ["@user 0"]
