"""Fixtures every test may use: fresh migrated databases (SQLite always, PostgreSQL when a URL is given) and paths."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import create_engine, make_url, text

import web.models  # noqa: F401 - registers every table
from listener.db import Database
from web import schema

POSTGRES = os.environ.get("ALLEARS_TEST_DATABASE_URL")


@pytest.fixture(autouse=True)
def logs_to_stderr() -> None:
    """Log as the commands do, to what stderr is at the moment; structlog's own default is stdout."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one SQLite file for the whole session; tests copy it, which is much faster than migrating."""
    file = tmp_path_factory.mktemp("schema") / "empty.db"
    db = Database(f"sqlite:///{file}")
    schema.upgrade(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.dispose()
    return file


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """Migrate one template database for the session. Yields its name; dropped at the end."""
    if not POSTGRES:
        pytest.skip(
            "ALLEARS_TEST_DATABASE_URL is not set: the PostgreSQL half of the data layer is not tested"
        )
    name = f"allears_template_{uuid.uuid4().hex[:10]}"
    _admin(f'CREATE DATABASE "{name}"')
    db = Database(_url(name))
    schema.upgrade(db)
    db.dispose()
    yield name
    _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give an empty database at head, on each supported back end."""
    if request.param == "sqlite":
        file = tmp_path / "allears.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
        made = Database(f"sqlite:///{file}")
        yield made
        made.dispose()
        return
    template = request.getfixturevalue("migrated_postgres")
    name = f"allears_test_{uuid.uuid4().hex[:12]}"
    _admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    made = Database(_url(name))
    yield made
    made.dispose()
    _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_db(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """Give an empty SQLite database at head, for tests that do not depend on the back end."""
    file = tmp_path / "allears.db"
    shutil.copy(migrated_sqlite, file)
    made = Database(f"sqlite:///{file}")
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Folder of the recorded platform payloads; they are other people's and not part of the project."""
    folder = Path(os.environ.get("ALLEARS_FIXTURES", "../shared/fixtures"))
    if not folder.is_dir():
        pytest.skip(f"recorded payloads are not at {folder} (ALLEARS_FIXTURES): tests on them are skipped")
    return folder


def _url(name: str) -> str:
    return make_url(POSTGRES or "").set(database=name).render_as_string(hide_password=False)


def _admin(statement: str) -> None:
    engine = create_engine(POSTGRES or "", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
