"""Keep promises, leases, absences and incidents."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import Json, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('pending', 'accepting')")
_PENDING = sa.text("state = 'pending'")
_ALARMS = sa.text("act IN ('escalated', 'reachability', 'overflow', 'incident')")
_ON = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Go to this revision."""

    with op.batch_alter_table("agent") as batch_op:
        batch_op.add_column(sa.Column("units", sa.Integer(), server_default="100", nullable=False))
        batch_op.add_column(sa.Column("queues", Json, nullable=True))
        batch_op.add_column(sa.Column("shifts", Json, server_default="[]", nullable=False))
        batch_op.alter_column("max_claims", existing_type=sa.Integer(), nullable=True)
    _change_work_items()
    op.add_column("claim", sa.Column("renewed_at", UtcTime(), nullable=True))
    op.add_column("claim", sa.Column("replied_at", UtcTime(), nullable=True))
    op.add_column("claim", sa.Column("lease_step", sa.String(20), server_default="", nullable=False))
    op.add_column("claim", sa.Column("is_dormant", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_claim_work_item_id", "claim", ["work_item_id"])
    op.drop_index("ix_offer_pending", table_name="offer")
    op.create_index("ix_offer_open", "offer", ["agent_id"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index(
        "ix_decision_record_alarm",
        "decision_record",
        ["id"],
        sqlite_where=_ALARMS,
        postgresql_where=_ALARMS,
    )
    _create_tables()


def _change_work_items() -> None:
    key = op.f("fk_work_item_preferred_agent_id")
    with op.batch_alter_table("work_item") as batch_op:
        batch_op.add_column(sa.Column("sla", Json, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("pause", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("moved_from", sa.String(100), nullable=True))
        batch_op.add_column(sa.Column("preferred_agent_id", sa.String(32), nullable=True))
        batch_op.create_foreign_key(key, "agent", ["preferred_agent_id"], ["id"])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    array = "json_array(sla_policy)" if is_sqlite else "jsonb_build_array(sla_policy)"
    op.execute(f"UPDATE work_item SET sla = {array} WHERE sla_policy <> ''")
    op.drop_column("work_item", "sla_policy")


def _create_tables() -> None:
    op.create_table(
        "sla_clock",
        sa.Column("work_item_id", sa.String(32), nullable=False),
        sa.Column("metric", sa.String(20), nullable=False),
        sa.Column("policy", sa.String(100), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("target_s", sa.Float(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("remaining_s", sa.Float(), nullable=True),
        sa.Column("paused_by", Json, server_default="[]", nullable=False),
        sa.Column("steps", Json, nullable=False),
        sa.Column("kept_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_item.id"], name="fk_sla_clock_work_item_id"),
        sa.PrimaryKeyConstraint("work_item_id", "metric", name="pk_sla_clock"),
    )
    op.create_table(
        "absence",
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("planned_by", sa.String(32), nullable=False),
        sa.Column("planned_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_absence_agent_id"),
        sa.ForeignKeyConstraint(["planned_by"], ["agent.id"], name="fk_absence_planned_by"),
        sa.PrimaryKeyConstraint("agent_id", name="pk_absence"),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("started_by", sa.String(32), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["started_by"], ["agent.id"], name="fk_incident_started_by"),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index(
        "ix_incident_on", "incident", ["name"], unique=True, sqlite_where=_ON, postgresql_where=_ON
    )


def downgrade() -> None:
    """Go back from this revision."""
    op.drop_table("incident")
    op.drop_table("absence")
    op.drop_table("sla_clock")
    op.drop_index("ix_decision_record_alarm", table_name="decision_record")
    # the older version knows no offer that is being set up: who took it is asked once more
    op.execute("UPDATE offer SET state = 'pending' WHERE state = 'accepting'")
    op.drop_index("ix_offer_open", table_name="offer")
    op.create_index(
        "ix_offer_pending", "offer", ["agent_id"], sqlite_where=_PENDING, postgresql_where=_PENDING
    )
    op.drop_index("ix_claim_work_item_id", table_name="claim")
    for column in ("is_dormant", "lease_step", "replied_at", "renewed_at"):
        op.drop_column("claim", column)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column("work_item", sa.Column("sla_policy", sa.String(100), server_default="", nullable=False))
    first = "json_extract(sla, '$[0]')" if is_sqlite else "sla ->> 0"
    op.execute(f"UPDATE work_item SET sla_policy = coalesce({first}, '')")
    with op.batch_alter_table("work_item") as batch_op:
        batch_op.drop_constraint(op.f("fk_work_item_preferred_agent_id"), type_="foreignkey")
        for column in ("preferred_agent_id", "moved_from", "pause", "sla"):
            batch_op.drop_column(column)
        batch_op.alter_column("sla_policy", existing_type=sa.String(100), server_default=None)
    op.execute("UPDATE agent SET max_claims = 10 WHERE max_claims IS NULL")
    with op.batch_alter_table("agent") as batch_op:
        batch_op.alter_column("max_claims", existing_type=sa.Integer(), nullable=False)
        for column in ("shifts", "queues", "units"):
            batch_op.drop_column(column)
