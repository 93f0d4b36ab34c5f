"""Keep the files agents send."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import Json, UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WAITING = sa.text("message_id IS NULL")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "outgoing_file",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("message_id", sa.String(32), nullable=True),
        sa.Column("provider_fields", Json, nullable=True),
        sa.Column("provided_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_outgoing_file_conversation_id"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_outgoing_file_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_file"),
    )
    op.create_index("ix_outgoing_file_message_id", "outgoing_file", ["message_id"])
    op.create_index(
        "ix_outgoing_file_waiting",
        "outgoing_file",
        ["agent_id", "created_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Go back from this revision; the bytes stay in their folder."""
    op.drop_table("outgoing_file")
