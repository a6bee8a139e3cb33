"""The access token of an account with its schedule, and log-ins at platforms that are under way"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("account", sa.Column("token", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("renew_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("renew_lease", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "connecting",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["login_session.id"],
            name=op.f("fk_connecting_session_id_login_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connecting")),
    )
    op.create_index(op.f("ix_connecting_session_id"), "connecting", ["session_id"])
    op.create_index(op.f("ix_connecting_expires_at"), "connecting", ["expires_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("connecting")
    op.drop_column("account", "renew_lease")
    op.drop_column("account", "renew_at")
    op.drop_column("account", "token")
