"""Keep until when the holder of solved work still has after-call work."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WRAPPING = sa.text("state = 'wrapping'")


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("claim", sa.Column("wraps_until", UtcTime(), nullable=True))
    op.create_index(
        "ix_claim_wrapping", "claim", ["work_item_id"], sqlite_where=_WRAPPING, postgresql_where=_WRAPPING
    )


def downgrade() -> None:
    """Go back from this revision; after-call work that lasts is over."""
    op.execute("UPDATE claim SET state = 'completed' WHERE state = 'wrapping'")
    op.drop_index("ix_claim_wrapping", table_name="claim")
    op.drop_column("claim", "wraps_until")
