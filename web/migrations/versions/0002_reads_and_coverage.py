"""Paid reads by day, and in the ledger what was asked and how late posts were shown"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reading",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_reading_source_id_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "day", "purpose", name=op.f("pk_reading")),
    )
    op.add_column("source", sa.Column("complete_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("poll", sa.Column("asked_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("poll", sa.Column("late", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("poll", sa.Column("lag_seconds", sa.Double(), nullable=True))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("poll", schema=None) as batch_op:
        for name in ("lag_seconds", "late", "asked_from"):
            batch_op.drop_column(name)
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_column("complete_at")
    op.drop_table("reading")
