"""Brings the database to the version of the code, under a lock, and refuses to work with one that is newer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from listener.db import Database

LOCK = 4_117_001  # our own key among PostgreSQL's advisory locks


class SchemaError(Exception):
    """The database and the code do not fit; the text says what to do."""


def config(connection: Connection | None = None) -> Config:
    """Return an Alembic configuration without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """Return the newest revision the code knows."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    if found is None:
        message = "no migration is installed with this package; reinstall it"
        raise SchemaError(message)
    return found


def current(db: Database) -> str | None:
    """Return the database's revision, None for an empty one. Raises SchemaError when it cannot be opened."""
    try:
        with db.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        message = (
            f"cannot open the database {db.url.render_as_string(hide_password=True)}: {error.orig}. "
            "Check ALLEARS_DATABASE__URL and that the server is running"
        )
        raise SchemaError(message) from error


def require_current(db: Database) -> None:
    """Raise SchemaError unless the database is exactly at the code's revision."""
    found = current(db)
    if found == head():
        return
    refuse_newer(found)
    state = "is empty" if found is None else f"is at revision {found}, the code needs {head()}"
    message = f"the database {state}: run `allears db upgrade` first"
    raise SchemaError(message)


def upgrade(db: Database) -> bool:
    """Migrate to head while nobody else does; return whether anything was done. Raises SchemaError."""
    found = current(db)
    if found == head():
        return False
    refuse_newer(found)
    with _alone(db) as connection:
        command.upgrade(config(connection), "head")
    return True


def refuse_newer(found: str | None) -> None:
    """Raise SchemaError when the revision is one this code does not know."""
    if found is None:
        return
    try:
        ScriptDirectory.from_config(config()).get_revision(found)
    except CommandError as error:
        message = (
            f"the database is at revision {found}, which this version of All Ears does not know (newest: {head()}): "
            "it was made by a newer version. Upgrade All Ears, or restore a backup made with this version"
        )
        raise SchemaError(message) from error


@contextmanager
def _alone(db: Database) -> Iterator[Connection]:
    """Give a connection on which no other process migrates; SQLite: foreign keys off, because its batch mode
    re-creates tables and would otherwise delete the children."""
    if not db.is_sqlite:
        with db.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            yield connection
        return
    raw = db.engine.execution_options(sqlite_begin="IMMEDIATE")
    with raw.connect() as connection:
        dbapi = connection.connection.dbapi_connection
        if dbapi is None:  # pragma: no cover - a fresh connection always has one
            message = "lost the connection to the database"
            raise SchemaError(message)
        dbapi.cursor().execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    message = f"the migration would leave {len(broken)} rows without their parents; nothing was changed"
                    raise SchemaError(message)
        finally:
            dbapi.cursor().execute("PRAGMA foreign_keys=ON")
