"""A model that cannot be loaded stops scoring and nothing else: posts wait, and the panel says why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from alerts import pipeline
from listener import stages
from listener.db import Database, now
from listener.models import Mention
from sentiment.engine import weights
from sentiment.errors import ModelError
from tests.sentiment.test_score import fill
from web.composition import Context
from web.settings import Loaded, Settings


@pytest.fixture
def context(tmp_path: Path, migrated_sqlite: Path) -> Context:
    """An installation whose encoder has one flipped byte."""
    own = tmp_path / "model"
    shutil.copytree(weights.SHIPPED, own)
    raw = bytearray((own / weights.ENCODER).read_bytes())
    raw[len(raw) // 2] ^= 1
    (own / weights.ENCODER).write_bytes(bytes(raw))
    shutil.copy(migrated_sqlite, tmp_path / "allears.db")
    settings = Settings(sentiment={"model": str(own)})
    return Context(Loaded(home=tmp_path, file=None, values=settings))


def waiting(db: Database) -> list[int]:
    return stages.claim(db, stages.COLLECTED)


def test_posts_wait_and_the_banner_names_the_file(context: Context) -> None:
    fill(context.db, 3)
    assert context.model_status() is None
    with pytest.raises(ModelError, match=r"damaged.*encoder\.onnx"):
        pipeline.score_batch(context)
    assert "encoder.onnx" in (context.model_status() or "")
    with context.db.work() as session:
        session.add(Mention(channel="file", external_id="x", text="later", fingerprint="x", posted_at=now()))
    assert len(waiting(context.db)) == 4
    context.close()


def test_a_restored_model_scores_what_waited(context: Context) -> None:
    fill(context.db, 2)
    with pytest.raises(ModelError):
        pipeline.score_batch(context)
    shutil.copy(weights.SHIPPED / weights.ENCODER, context.home / "model" / weights.ENCODER)
    pipeline.score_batch(context)
    assert context.model_status() is None
    assert waiting(context.db) == []
    context.close()
