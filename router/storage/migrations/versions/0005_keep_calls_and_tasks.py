"""Keep calls, and tasks to call back and to follow up."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import Json, UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MISSED = sa.text("state = 'open' AND created_by IS NULL")
_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "call",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.Boolean(), nullable=False),
        sa.Column("manual", sa.Boolean(), nullable=False),
        sa.Column("contact_point_id", sa.String(32), nullable=True),
        sa.Column("conversation_id", sa.String(32), nullable=True),
        sa.Column("message_id", sa.String(32), nullable=True),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_point_id"], ["contact_point.id"], name="fk_call_contact_point_id"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name="fk_call_conversation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_call"),
    )
    op.create_index("ix_call_conversation_id", "call", ["conversation_id"])
    op.create_index("ix_call_number_at", "call", ["number", "at"])
    op.create_table(
        "call_key",
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("call_id", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_call_key_call_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_call_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_call_key_call_id", "call_key", ["call_id"])
    _create_tasks()


def _create_tasks() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("episode_id", sa.String(32), nullable=True),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("dial", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("script", sa.Text(), server_default="", nullable=False),
        sa.Column("best_from", UtcTime(), nullable=True),
        sa.Column("best_until", UtcTime(), nullable=True),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("attempt_limit", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counter", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_missed_at", UtcTime(), nullable=True),
        sa.Column("last_missed_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("closed_by", sa.String(32), nullable=True),
        sa.Column("closed_call_id", sa.String(32), nullable=True),
        sa.Column("closed_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.String(32), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name="fk_task_conversation_id"),
        sa.ForeignKeyConstraint(["episode_id"], ["episode.id"], name="fk_task_episode_id"),
        sa.ForeignKeyConstraint(["closed_by"], ["agent.id"], name="fk_task_closed_by"),
        sa.ForeignKeyConstraint(["created_by"], ["agent.id"], name="fk_task_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
    )
    op.create_index("ix_task_conversation_id", "task", ["conversation_id"])
    op.create_index("ix_task_episode_id", "task", ["episode_id"])
    op.create_index("ix_task_number", "task", ["number"])
    op.create_index(
        "ix_task_missed", "task", ["number"], unique=True, sqlite_where=_MISSED, postgresql_where=_MISSED
    )
    op.create_index("ix_task_open", "task", ["due_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_table(
        "task_attempt",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("call_id", sa.String(32), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_task_attempt_task_id"),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_task_attempt_agent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_task_attempt"),
    )
    op.create_index("ix_task_attempt_task_id", "task_attempt", ["task_id"])


def downgrade() -> None:
    """Go back from this revision."""
    op.drop_table("task_attempt")
    op.drop_table("task")
    op.drop_table("call_key")
    op.drop_table("call")
