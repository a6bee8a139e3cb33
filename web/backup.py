"""Online backup and restore of the database, for SQLite and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from alerts import holding
from listener.db import Database
from web import schema
from web.schema import SchemaError

SQLITE_MAGIC = b"SQLite format 3\x00"


def backup(db: Database, file: Path) -> None:
    """Write a consistent copy to `file` while everything runs. Raises SchemaError."""
    if file.exists():
        message = f"{file} exists already; choose a new name, nothing was written"
        raise SchemaError(message)
    part = file.with_name(file.name + ".part")
    try:
        if db.is_sqlite:
            _sqlite_backup(Path(db.url.database or ""), part)
        else:
            _run_postgres("pg_dump", db, "--format=custom", f"--file={part}")
        part.replace(file)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        message = f"cannot write the backup to {file}: {error}"
        raise SchemaError(message) from error


def restore(db: Database, file: Path) -> None:
    """Replace the database by the backup, bring it to the code's revision, and hold everything that goes out.

    The replaced SQLite file is kept beside it with the time in its name. Raises SchemaError.
    """
    if not file.is_file():
        message = f"there is no backup at {file}"
        raise SchemaError(message)
    if db.is_sqlite:
        _sqlite_restore(db, file)
    else:
        _run_postgres(
            "pg_restore", db, "--clean", "--if-exists", "--no-owner", "--single-transaction", str(file)
        )
    schema.upgrade(db)
    with db.work() as session:
        holding.hold(session, f"restored from {file.name} at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")


def _sqlite_backup(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _sqlite_restore(db: Database, file: Path) -> None:
    with file.open("rb") as head:
        if head.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC:
            message = f"{file} is not an SQLite backup; a PostgreSQL one needs ALLEARS_DATABASE__URL=postgresql+psycopg://…"
            raise SchemaError(message)
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as found:
        try:
            verdict = found.execute("PRAGMA quick_check").fetchone()[0]
            found.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError as error:
            message = f"{file} is damaged or not a backup of All Ears: {error}"
            raise SchemaError(message) from error
    if verdict != "ok":
        message = f"{file} is damaged: {verdict}"
        raise SchemaError(message)
    schema.refuse_newer(schema.current(Database(f"sqlite:///{file}")))
    live = Path(db.url.database or "")
    db.dispose()
    if live.exists():
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        _sqlite_backup(live, live.with_name(f"{live.name}.before-restore-{stamp}"))
        for suffix in ("", "-wal", "-shm"):
            live.with_name(live.name + suffix).unlink(missing_ok=True)
    live.parent.mkdir(parents=True, exist_ok=True)
    part = live.with_name(live.name + ".part")
    shutil.copyfile(file, part)
    part.replace(live)


def _run_postgres(program: str, db: Database, *options: str) -> None:
    if shutil.which(program) is None:
        message = f"{program} is not installed; it comes with PostgreSQL's client package"
        raise SchemaError(message)
    url = db.url
    connection = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
    }
    # the password travels in the environment: a command line is readable by everybody on the machine
    environment = os.environ | {name: value for name, value in connection.items() if value}
    command = [program, *options[:-1], f"--dbname={url.database}", options[-1]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        message = f"{program} failed: {done.stderr.strip()[-500:]}"
        raise SchemaError(message)
