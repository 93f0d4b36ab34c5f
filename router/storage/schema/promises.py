"""Promises to customers, planned absences of people, and declared incidents."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, String, Table, Text

from router.storage.columns import Id, Json, Name, UtcTime
from router.storage.schema.base import metadata, partial

sla_clock = Table(
    "sla_clock",
    metadata,
    Column("work_item_id", Id, ForeignKey("work_item.id"), primary_key=True),
    # first_response | next_response | resolution
    Column("metric", String(20), primary_key=True),
    Column("policy", Name, nullable=False),
    # running | paused | kept | late | ended
    Column("state", String(12), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    # working seconds promised, and what is left of them while the clock stands still
    Column("target_s", Float, nullable=False),
    Column("due_at", UtcTime),
    Column("remaining_s", Float),
    # what it stands still for: customer | declared
    Column("paused_by", Json, nullable=False, server_default="[]"),
    # per cents of the time at which people were told
    Column("steps", Json, nullable=False),
    Column("kept_at", UtcTime),
)

absence = Table(
    "absence",
    metadata,
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("since", UtcTime, nullable=False),
    # null: until told otherwise
    Column("until", UtcTime),
    Column("reason", Text, nullable=False, server_default=""),
    Column("planned_by", Id, ForeignKey("agent.id"), nullable=False),
    Column("planned_at", UtcTime, nullable=False),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Name, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("started_by", Id, ForeignKey("agent.id"), nullable=False),
    Column("until", UtcTime, nullable=False),
    # null while it is on
    Column("ended_at", UtcTime),
    partial("ix_incident_on", "name", where="ended_at IS NULL", unique=True),
)
