"""One head, nothing left to generate, and a newer database is refused with what to do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from listener.db import Database, now
from listener.models import Mention
from tests.alerts.scene import AT, build
from web import schema


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(schema.config()).get_heads()) == 1


def test_models_and_migrations_agree(db: Database) -> None:
    with db.engine.connect() as connection:
        command.check(schema.config(connection))


def test_an_empty_database_says_what_to_run(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(schema.SchemaError, match="allears db upgrade"):
        schema.require_current(db)
    assert schema.upgrade(db)
    assert not schema.upgrade(db)
    schema.require_current(db)


def test_a_newer_database_is_refused(db: Database) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (schema.require_current, schema.upgrade):
        with pytest.raises(schema.SchemaError, match=r"9999.*made by a newer version"):
            attempt(db)


def test_an_unreachable_database_is_named(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'no-such-folder' / 'x.db'}")
    with pytest.raises(schema.SchemaError, match="cannot open the database sqlite"):
        schema.current(db)


def test_downgrade_and_upgrade_again(db: Database) -> None:
    with db.engine.begin() as connection:
        command.downgrade(schema.config(connection), "base")
    assert schema.upgrade(db)


def test_what_was_heard_within_a_week_is_looked_at_again_after_the_upgrade(db: Database) -> None:
    scene = build(db, Path("unused"))
    young, old = (
        scene.mention(collected_at=now() - timedelta(days=2)),
        scene.mention(collected_at=AT - timedelta(90)),
    )
    gone = scene.mention(collected_at=now(), gone_at=now())
    with db.engine.begin() as connection:
        command.downgrade(schema.config(connection), "0002")
    assert schema.upgrade(db)
    with db.read() as session:
        due = {row.id: row.recheck_at for row in session.scalars(select(Mention))}
    assert due[young] is not None
    assert abs(due[young] - now()) < timedelta(minutes=5)
    assert (due[old], due[gone]) == (None, None)
