"""A file that is read again when it changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.db import Database
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Mention


def add(db: Database, kit: Ground, file: Path) -> int:
    brands.add(db, "Acme", query="acme")
    return sources.add(db, kit, "file", name="box", brand="Acme", settings={"path": str(file)})


def texts(db: Database) -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(Mention.text)))


def test_new_rows_are_heard_and_an_unchanged_file_is_not_read(
    sqlite_db: Database, kit: Ground, tmp_path: Path
) -> None:
    file = tmp_path / "box.csv"
    file.write_text("id,text\n1,acme one\n2,nothing\n")
    source_id = add(sqlite_db, kit, file)
    assert collect.poll(sqlite_db, kit, source_id).new == 1
    again = collect.poll(sqlite_db, kit, source_id, force=True)
    assert (again.fetched, again.truncated) == (0, False)
    with file.open("a") as more:
        more.write("3,acme three\n")
    last = collect.poll(sqlite_db, kit, source_id, force=True)
    assert (last.fetched, last.new) == (3, 1)
    assert texts(sqlite_db) == {"acme one", "acme three"}


def test_bad_rows_are_named_and_the_good_ones_kept(sqlite_db: Database, kit: Ground, tmp_path: Path) -> None:
    file = tmp_path / "box.jsonl"
    file.write_text('{"text": "acme one"}\n{broken\n{"text": "acme two"}\n')
    source_id = add(sqlite_db, kit, file)
    outcome = collect.poll(sqlite_db, kit, source_id)
    assert outcome.new == 2
    assert outcome.error is not None
    assert "line 2" in outcome.error
    assert (
        collect.poll(sqlite_db, kit, source_id, force=True).error is None
    )  # said once, until the file changes


def test_a_missing_file_is_said(sqlite_db: Database, kit: Ground, tmp_path: Path) -> None:
    add(sqlite_db, kit, tmp_path / "none.csv")
    with pytest.raises(ChannelError, match="cannot be read"):
        sources.test(sqlite_db, kit, "box")


def test_two_files_may_number_their_rows_alike(sqlite_db: Database, kit: Ground, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"id,text\n1,acme {name}\n")
    first = add(sqlite_db, kit, tmp_path / "one.csv")
    second = sources.add(
        sqlite_db, kit, "file", name="b", brand="Acme", settings={"path": str(tmp_path / "two.csv")}
    )
    for source_id in (first, second):
        collect.poll(sqlite_db, kit, source_id)
    assert texts(sqlite_db) == {"acme one", "acme two"}
