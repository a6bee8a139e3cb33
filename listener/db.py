"""The database: one engine, two kinds of transaction, and types that behave alike on SQLite and PostgreSQL.

`read()` never writes; `work()` commits at the end of its block or rolls back as a whole.
No network or model call belongs inside either: a transaction held during a slow call blocks SQLite for everybody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, FromClause, MetaData, create_engine, event, insert, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import JSON, TypeDecorator

from listener.settings import SettingsError

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored as UTC. A naive value is refused: it would mean a different instant per machine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone, so it gets the bare UTC time."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"naive datetime {value.isoformat()}: give it a time zone"
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back to an aware instant in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Parent of every table of every room; the names of constraints are fixed so that migrations can find them."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this plain attribute
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[float]: JSON(),
        list[dict[str, Any]]: JSON(),
    }


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


class Database:
    """An engine with `read()` and `work()`; made once per process from a SQLAlchemy URL."""

    def __init__(self, url: str, *, echo: bool = False) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError as error:
            message = "database.url is not a SQLAlchemy URL such as postgresql+psycopg://user@host/name"
            raise SettingsError(message) from error
        self.engine = _engine(url, echo=echo)
        self._reads = sessionmaker(self.engine, expire_on_commit=False)
        writes = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self._works = sessionmaker(writes, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """True for the embedded default; PostgreSQL is the other supported back end."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session for reading; whatever it changed by mistake is rolled back."""
        with self._reads() as session:
            try:
                yield session
            finally:
                session.expunge_all()  # what was loaded stays readable after the block; a rollback would expire it
                session.rollback()

    @contextmanager
    def work(self) -> Iterator[Session]:
        """Give a session that commits when the block ends and rolls back when it raises."""
        with self._works.begin() as session:
            yield session

    def dispose(self) -> None:
        """Close pooled connections (at exit and before a fork)."""
        self.engine.dispose()


def upsert(session: Session, table: type[Base] | FromClause) -> Any:  # noqa: ANN401 - two dialects, no common type
    """Return an `INSERT` of the session's dialect that offers `on_conflict_do_update` and `…_do_nothing`.

    A class's `__table__` skips the ORM, which is what thousands of rows want.
    """
    name = session.get_bind().dialect.name
    target: Any = table
    if name == "postgresql":
        return postgresql.insert(target)
    if name == "sqlite":
        return sqlite.insert(target)
    return insert(target)


def _engine(url: str, *, echo: bool) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        in_memory = parsed.database in {None, "", ":memory:"}
        options: dict[str, Any] = {"connect_args": {"timeout": 30, "check_same_thread": False}}
        if not in_memory:
            options |= {"pool_size": 10, "max_overflow": 20}
        engine = create_engine(url, echo=echo, **options)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    try:
        # pool_pre_ping: a restarted server heals on the next request instead of failing one per pooled connection
        return create_engine(url, echo=echo, pool_pre_ping=True, pool_size=10, max_overflow=20)
    except ModuleNotFoundError as error:
        message = (
            f"the database {parsed.drivername}:// needs {error.name}, which is not installed; "
            "write postgresql+psycopg://… and pip install 'allears[postgres]'"
        )
        raise SettingsError(message) from error


def _sqlite_connect(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own implicit BEGIN would be deferred, and a reader that turns writer fails with "locked";
    # so it is switched off and we say BEGIN or BEGIN IMMEDIATE ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
