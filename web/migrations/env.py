"""Alembic environment: takes the connection from `web.schema`, never reads a config file."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate import rewriter
from alembic.autogenerate.api import AutogenContext

import web.models  # noqa: F401 - registers the tables
from listener.db import Base, UtcDateTime

writer = rewriter.Rewriter()


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column type as plain SQLAlchemy, so that old migrations do not import today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run the migrations on the connection handed over in `config.attributes`."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        process_revision_directives=writer,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
