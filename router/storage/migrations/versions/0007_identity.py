"""Keep who is who: merged contacts and conversations, stated addresses, orders, and who said so."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import Json, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UNMET = sa.text("unmet_target IS NOT NULL")


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("contact", sa.Column("merged_into", sa.String(32), nullable=True))
    op.create_index("ix_contact_merged_into", "contact", ["merged_into"])
    op.add_column(
        "contact_point", sa.Column("own_contact_id", sa.String(32), server_default="", nullable=False)
    )
    op.execute("UPDATE contact_point SET own_contact_id = contact_id")
    op.create_index("ix_contact_point_own_contact_id", "contact_point", ["own_contact_id"])
    op.create_index("ix_contact_point_address", "contact_point", ["address", "kind"])
    for name in ("merged_into", "continues_in", "leads_to"):
        op.add_column("conversation", sa.Column(name, sa.String(32), nullable=True))
    for name in ("merged_into", "leads_to"):
        op.create_index(f"ix_conversation_{name}", "conversation", [name])
    for name in ("strand_id", "home_id"):
        op.add_column("message", sa.Column(name, sa.String(32), server_default="", nullable=False))
    op.execute("UPDATE message SET strand_id = conversation_id, home_id = conversation_id")
    op.create_index("ix_message_home_id", "message", ["home_id"])
    _index_messages_by("strand_id")
    _create_tables()


def _index_messages_by(column: str) -> None:
    op.drop_index("ix_message_seq", table_name="message")
    op.drop_index("ix_message_unmet", table_name="message")
    op.create_index("ix_message_seq", "message", [column, "seq"], unique=True)
    op.create_index("ix_message_unmet", "message", [column], sqlite_where=_UNMET, postgresql_where=_UNMET)


def _create_tables() -> None:
    op.create_table(
        "claimed_point",
        sa.Column("contact_point_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("proof", sa.String(12), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name="fk_claimed_point_contact_point_id"
        ),
        sa.PrimaryKeyConstraint("contact_point_id", "kind", "address", name="pk_claimed_point"),
    )
    op.create_index("ix_claimed_point_address", "claimed_point", ["address", "kind"])
    op.create_table(
        "known_order",
        sa.Column("contact_point_id", sa.String(32), nullable=False),
        sa.Column("scope", sa.String(100), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("proof", sa.String(12), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name="fk_known_order_contact_point_id"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_known_order_conversation_id"
        ),
        sa.PrimaryKeyConstraint("contact_point_id", "scope", "order_id", name="pk_known_order"),
    )
    op.create_index("ix_known_order_order_id", "known_order", ["order_id"])
    op.create_table(
        "kept_apart",
        sa.Column("contact_id", sa.String(32), nullable=False),
        sa.Column("other_id", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_kept_apart_contact_id"),
        sa.ForeignKeyConstraint(["other_id"], ["contact.id"], name="fk_kept_apart_other_id"),
        sa.PrimaryKeyConstraint("contact_id", "other_id", name="pk_kept_apart"),
    )
    op.create_index("ix_kept_apart_other_id", "kept_apart", ["other_id"])
    op.create_table(
        "identity_act",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("act", sa.String(24), nullable=False),
        sa.Column("subject_id", sa.String(32), nullable=False),
        sa.Column("other_id", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity_act"),
    )
    op.create_index("ix_identity_act_subject_id", "identity_act", ["subject_id"])
    op.create_index("ix_identity_act_other_id", "identity_act", ["other_id"])


def downgrade() -> None:
    """Go back from this revision; every message goes back to its strand."""
    for table in ("identity_act", "kept_apart", "known_order", "claimed_point"):
        op.drop_table(table)
    # their numbers are unique within their strands only
    op.execute("UPDATE message SET conversation_id = strand_id")
    _index_messages_by("conversation_id")
    op.drop_index("ix_message_home_id", table_name="message")
    for name in ("home_id", "strand_id"):
        op.drop_column("message", name)
    for name in ("leads_to", "merged_into"):
        op.drop_index(f"ix_conversation_{name}", table_name="conversation")
    for name in ("leads_to", "continues_in", "merged_into"):
        op.drop_column("conversation", name)
    op.drop_index("ix_contact_point_address", table_name="contact_point")
    op.drop_index("ix_contact_point_own_contact_id", table_name="contact_point")
    op.drop_column("contact_point", "own_contact_id")
    op.drop_index("ix_contact_merged_into", table_name="contact")
    op.drop_column("contact", "merged_into")
