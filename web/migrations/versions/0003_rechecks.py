"""Re-checks of what is stored, deletions that were noted, and answers that are not visible yet"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MENTION = sa.table(
    "mention",
    sa.column("collected_at", sa.DateTime(timezone=True)),
    sa.column("gone_at", sa.DateTime(timezone=True)),
    sa.column("recheck_at", sa.DateTime(timezone=True)),
    sa.column("history", sa.Boolean()),
)
GONE = "gone_at IS NOT NULL AND NOT gone_seen"


def upgrade() -> None:
    """Apply. What was heard within the last week is checked from now on, too."""
    op.add_column("mention", sa.Column("gone_seen", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("mention", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_mention_gone", "mention", ["id"], sqlite_where=sa.text(GONE), postgresql_where=sa.text(GONE)
    )
    at = datetime.now(UTC)
    heard = MENTION.c.collected_at > at - timedelta(days=7)
    op.execute(
        MENTION.update()
        .where(heard, MENTION.c.gone_at.is_(None), MENTION.c.history.is_(sa.false()))
        .values(recheck_at=at)
    )
    op.add_column("source", sa.Column("recheck_after", sa.DateTime(timezone=True), nullable=True))
    op.add_column("source", sa.Column("recheck_errors", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("case_mention", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.execute(
        "UPDATE case_mention SET revision ="
        " (SELECT revision FROM mention WHERE mention.id = case_mention.mention_id)"
    )
    op.add_column("reply", sa.Column("pending", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_reply_pending", "reply", ["check_after"],
        sqlite_where=sa.text("pending"), postgresql_where=sa.text("pending"),
    )  # fmt: skip


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_reply_pending", "reply")
    op.drop_index("ix_mention_gone", "mention")
    for table, names in (
        ("reply", ["pending"]),
        ("case_mention", ["revision"]),
        ("source", ["recheck_errors", "recheck_after"]),
        ("mention", ["checked_at", "gone_seen"]),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.drop_column(name)
