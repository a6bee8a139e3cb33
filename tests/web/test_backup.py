"""A backup under use is whole; a restored instance holds everything that goes out."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from alerts import holding
from listener.db import Database
from listener.models import Brand
from web import backup
from web.schema import SchemaError


def brands(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Brand)) or 0


def add(db: Database, name: str) -> None:
    with db.work() as session:
        session.add(Brand(name=name))


def test_restore_brings_back_the_rows_and_holds(db: Database, tmp_path: Path) -> None:
    add(db, "before")
    file = tmp_path / "one.backup"
    backup.backup(db, file)
    add(db, "after")
    backup.restore(db, file)
    assert brands(db) == 1
    with db.read() as session:
        assert "restored from one.backup" in (holding.held(session) or "")
    with db.work() as session:
        assert holding.confirm(session)
        assert not holding.confirm(session)
    if db.is_sqlite:
        assert list(tmp_path.glob("allears.db.before-restore-*"))


def test_backup_while_somebody_writes(sqlite_db: Database, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            add(sqlite_db, f"brand {number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        file = tmp_path / "live.backup"
        backup.backup(sqlite_db, file)
    finally:
        stop.set()
        writer.join()
    copy = Database(f"sqlite:///{file}")
    with copy.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    copy.dispose()


def test_a_file_that_is_no_backup_changes_nothing(sqlite_db: Database, tmp_path: Path) -> None:
    add(sqlite_db, "kept")
    bad = tmp_path / "bad"
    bad.write_bytes(b"SQLite format 3\x00" + b"rubbish" * 100)
    text = tmp_path / "text"
    text.write_text("hello")
    for file, said in ((bad, "damaged"), (text, "not an SQLite backup"), (tmp_path / "none", "no backup at")):
        with pytest.raises(SchemaError, match=said):
            backup.restore(sqlite_db, file)
    assert brands(sqlite_db) == 1


def test_a_backup_never_overwrites(sqlite_db: Database, tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.write_text("precious")
    with pytest.raises(SchemaError, match="exists already"):
        backup.backup(sqlite_db, file)
    assert file.read_text() == "precious"
