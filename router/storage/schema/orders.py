"""Orders beside conversations: which were named in them, and the notes agents put on them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from router.storage.columns import Id, Name, UtcTime
from router.storage.schema.base import metadata, partial

conversation_order = Table(
    "conversation_order",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("order_id", Name, primary_key=True),
    Column("seen_at", UtcTime, nullable=False),
    Index("ix_conversation_order_order_id", "order_id"),
)

order_note = Table(
    "order_note",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False, index=True),
    Column("account", Name, nullable=False),
    Column("order_id", Name, nullable=False),
    # the entry of `notes:` it is written to; empty where the account has none
    Column("book", Name, nullable=False),
    # pre_sale | after_sale | other
    Column("kind", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False),
    # the day in the shop's zone, as it stands in the note
    Column("noted_on", String(10), nullable=False),
    # local (no shop takes it) | queued | written | failed | unknown
    Column("state", String(10), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_try_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("written_at", UtcTime),
    Index("ix_order_note_order", "account", "order_id"),
    partial("ix_order_note_due", "book", "next_try_at", where="next_try_at IS NOT NULL"),
)
