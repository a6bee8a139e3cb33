"""Exports: one row a mention, nothing a spreadsheet would run, deleted text gone, and erasing an author."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import select, update

from alerts.models import Event
from listener.db import Database, now
from listener.models import Account, Author, Brand, Hit, Mention, Source
from sentiment.models import Score
from web import erase, export


@pytest.fixture
def filled(db: Database) -> Database:
    with db.work() as session:
        brand = Brand(name="Acme")
        account = Account(kind="file")
        author = Author(channel="file", external_id="7", handle="alice", name="Alice")
        session.add_all([brand, account, author])
        session.flush()
        source = Source(account_id=account.id, brand_id=brand.id, name="import", kind="file")
        texts = ["=cmd|' /C calc'!A0", 'plain, with "quotes"\nand a line', "שלום עולם"]
        mentions = [
            Mention(
                channel="file",
                external_id=str(n),
                author_id=author.id,
                text=text,
                fingerprint=str(n),
                posted_at=now(),
            )
            for n, text in enumerate(texts)
        ]
        session.add_all([source, *mentions])
        session.flush()
        session.add_all(Hit(mention_id=m.id, source_id=source.id, brand_id=brand.id) for m in mentions)
        session.add(
            Score(
                mention_id=mentions[1].id, revision=1, model="m", language="en", sentiment="negative", negative=0.9,
                neutral=0.05, positive=0.05, level=2, alert_score=0.7, levels=[0.1, 0.2, 0.6, 0.1],
                category="technical_bug", needs_reply=True, reasons=["line"],
            )
        )  # fmt: skip
    return db


def test_jsonl_has_score_keys_only_once_scored(filled: Database) -> None:
    rows = [json.loads(line) for line in export.as_jsonl(export.mentions(filled))]
    assert [row["external_id"] for row in rows] == ["0", "1", "2"]
    assert {
        "id",
        "source",
        "channel",
        "brand",
        "author",
        "text",
        "url",
        "posted_at",
        "language",
        "stage",
    } <= set(rows[0])
    assert "sentiment" not in rows[0]
    assert rows[1]["sentiment"]["label"] == "negative"
    assert rows[1]["urgency"] == {"level": 2, "score": 0.7, "levels": [0.1, 0.2, 0.6, 0.1]}
    assert (rows[1]["source"], rows[1]["brand"], rows[1]["author"]) == ("import", "Acme", "alice")


def test_csv_cells_are_never_formulas(filled: Database) -> None:
    text = "".join(export.as_csv(export.mentions(filled), export.MENTION_COLUMNS))
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0]["text"] == "'=cmd|' /C calc'!A0"
    assert rows[1]["urgency.level"] == "2"
    assert rows[2]["text"] == "שלום עולם"


def test_deleted_posts_and_foreign_brands_stay_out(filled: Database) -> None:
    with filled.work() as session:
        session.execute(update(Mention).where(Mention.external_id == "1").values(gone_at=now()))
    assert [row["text"] for row in export.mentions(filled)][1] == ""
    assert list(export.mentions(filled, brand_ids=frozenset({99}))) == []


def test_erasing_an_author_leaves_no_text_or_name(filled: Database) -> None:
    before = erase.erase(filled, "file", "@alice", dry_run=True)
    assert before.mentions == 3
    assert [row["author"] for row in export.mentions(filled)] == ["alice"] * 3
    assert erase.erase(filled, "file", "alice") == before
    rows = list(export.mentions(filled))
    assert [row["text"] for row in rows] == ["", "", ""]
    assert [row["author"] for row in rows] == [None] * 3
    with filled.read() as session:
        assert session.scalars(select(Score.reasons)).all() == [[]]
        assert session.scalars(select(Event.kind)).all() == ["author.erased"]
    with pytest.raises(erase.EraseError, match="no author 'alice'"):
        erase.erase(filled, "file", "alice")
