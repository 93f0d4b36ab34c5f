"""Room 2: what came in, exactly as it came, and what became of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from router.storage.columns import Digest, Id, Json, Name, UtcTime
from router.storage.schema.base import metadata, partial

channel_account = Table(
    "channel_account",
    metadata,
    Column("account", Name, primary_key=True),
    Column("cursor", Json),
    Column("cursor_at", UtcTime),
)

plugin_value = Table(
    "plugin_value",
    metadata,
    Column("account", Name, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("value", Json, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

raw_inbound = Table(
    "raw_inbound",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Name, nullable=False),
    Column("dedupe_digest", Digest, nullable=False),
    Column("dedupe_key", Text, nullable=False),
    Column("envelope", Json, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    # accepted | filed | quarantined: each item ends in one of the last two
    Column("state", String(12), nullable=False),
    # how it was filed: opened | threaded | reopened | guest | report | ignored
    Column("filed_as", String(12)),
    Column("filed_at", UtcTime),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("redeliveries", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("account", "dedupe_digest"),
    Index("ix_raw_inbound_ledger", "account", "state", "redeliveries"),
    partial("ix_raw_inbound_unfiled", "id", where="state = 'accepted'"),
)

# The bytes stand apart, so that a change of state does not write them again.
raw_bytes = Table(
    "raw_bytes",
    metadata,
    Column("inbound_id", Id, ForeignKey("raw_inbound.id"), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("inbound_id", Id, ForeignKey("raw_inbound.id"), primary_key=True),
    Column("code", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("reruns", Integer, nullable=False, server_default=text("0")),
)
