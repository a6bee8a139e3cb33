"""Find the polls of a source by their time: the ledger is read by days, and it grows for ever"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_poll_source", table_name="poll")
    op.create_index("ix_poll_source", "poll", ["source_id", "started_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_poll_source", table_name="poll")
    op.create_index("ix_poll_source", "poll", ["source_id", "id"], unique=False)
