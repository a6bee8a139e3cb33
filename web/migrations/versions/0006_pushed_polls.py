"""Tell what was pushed to us from what was asked for: only a poll proves that everything was read"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("poll", sa.Column("pushed", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("poll", schema=None) as batch_op:
        batch_op.drop_column("pushed")
