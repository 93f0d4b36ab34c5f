"""Keep which orders were named in conversations, and the notes on them."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DUE = sa.text("next_try_at IS NOT NULL")


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("conversation", sa.Column("marketplace", sa.String(100), server_default="", nullable=False))
    op.create_table(
        "conversation_order",
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(100), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_conversation_order_conversation_id")
        ),
        sa.PrimaryKeyConstraint("conversation_id", "order_id", name=op.f("pk_conversation_order")),
    )
    op.create_index("ix_conversation_order_order_id", "conversation_order", ["order_id"])
    op.create_table(
        "order_note",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("order_id", sa.String(100), nullable=False),
        sa.Column("book", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.Column("noted_on", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("written_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_order_note_conversation_id")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_order_note_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_note")),
    )
    op.create_index("ix_order_note_conversation_id", "order_note", ["conversation_id"])
    op.create_index("ix_order_note_order", "order_note", ["account", "order_id"])
    op.create_index(
        "ix_order_note_due", "order_note", ["book", "next_try_at"], sqlite_where=_DUE, postgresql_where=_DUE
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("order_note")
    op.drop_table("conversation_order")
    op.drop_column("conversation", "marketplace")
