"""Keep the parts of long texts together, and providers' limits over a restart."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_IN_PARTS = sa.text("first_part_id IS NOT NULL")


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("outbox", sa.Column("first_part_id", sa.String(32), nullable=True))
    for name in ("part", "parts", "waits_for_part"):
        op.add_column("outbox", sa.Column(name, sa.Integer(), nullable=True))
    op.create_index(
        "ix_outbox_parts", "outbox", ["first_part_id"], sqlite_where=_IN_PARTS, postgresql_where=_IN_PARTS
    )
    op.create_table(
        "send_pause",
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "scope", "key", name="pk_send_pause"),
    )


def downgrade() -> None:
    """Go back from this revision."""
    op.drop_table("send_pause")
    op.drop_index("ix_outbox_parts", table_name="outbox")
    for name in ("waits_for_part", "parts", "part", "first_part_id"):
        op.drop_column("outbox", name)
