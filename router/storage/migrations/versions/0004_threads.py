"""Keep what providers say and do in their threads: changes of messages, echoes, thread states."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import Json, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UNMET = sa.text("unmet_target IS NOT NULL")


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("message", sa.Column("sort_key", sa.Text(), server_default="", nullable=False))
    op.add_column("message", sa.Column("audience", Json, nullable=True))
    op.add_column(
        "message", sa.Column("sent_outside", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("message", sa.Column("recalled_at", UtcTime(), nullable=True))
    op.add_column("message", sa.Column("edited_at", UtcTime(), nullable=True))
    op.add_column("message", sa.Column("versions", Json, server_default="[]", nullable=False))
    op.add_column("message", sa.Column("reactions", Json, server_default="[]", nullable=False))
    op.add_column("message", sa.Column("unmet_target", sa.Text(), nullable=True))
    op.create_index(
        "ix_message_unmet", "message", ["conversation_id"], sqlite_where=_UNMET, postgresql_where=_UNMET
    )
    op.add_column("outbox", sa.Column("template", Json, nullable=True))
    op.add_column("outbox", sa.Column("refusal", Json, nullable=True))
    op.add_column("work_item", sa.Column("platform_due_at", UtcTime(), nullable=True))
    op.add_column("work_item", sa.Column("platform_lead_s", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "thread_state",
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("turn", sa.String(10), nullable=True),
        sa.Column("reply_needed_since", UtcTime(), nullable=True),
        sa.Column("closes_at", UtcTime(), nullable=True),
        sa.Column("can_send", sa.Boolean(), nullable=True),
        sa.Column("blocked_reason", sa.Text(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=True),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("stated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_thread_state_conversation_id"
        ),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_thread_state"),
    )


def downgrade() -> None:
    """Go back from this revision."""
    op.drop_table("thread_state")
    for column in ("platform_lead_s", "platform_due_at"):
        op.drop_column("work_item", column)
    for column in ("refusal", "template"):
        op.drop_column("outbox", column)
    op.drop_index("ix_message_unmet", table_name="message")
    for column in (
        "unmet_target",
        "reactions",
        "versions",
        "edited_at",
        "recalled_at",
        "sent_outside",
        "audience",
        "sort_key",
    ):
        op.drop_column("message", column)
