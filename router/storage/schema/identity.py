"""Room 3: what is known of who is who: stated addresses, orders, decisions of people, and their history."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from router.storage.columns import Id, Json, Name, UtcTime
from router.storage.schema.base import metadata

claimed_point = Table(
    "claimed_point",
    metadata,
    # who stated the address
    Column("contact_point_id", Id, ForeignKey("contact_point.id"), primary_key=True),
    Column("kind", String(30), primary_key=True),
    # as compared
    Column("address", Text, primary_key=True),
    Column("display", Text, nullable=False),
    # unverified | channel | verified
    Column("proof", String(12), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_claimed_point_address", "address", "kind"),
)

known_order = Table(
    "known_order",
    metadata,
    # whose order a channel or the shop's own page said it is
    Column("contact_point_id", Id, ForeignKey("contact_point.id"), primary_key=True),
    # within what the number is unique: an account, unless the channel names something wider
    Column("scope", Name, primary_key=True),
    Column("order_id", Text, primary_key=True),
    # unverified | channel | verified: how well it is known whose it is
    Column("proof", String(12), nullable=False),
    # the conversation it was last named in
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Index("ix_known_order_order_id", "order_id"),
)

kept_apart = Table(
    "kept_apart",
    metadata,
    # two contacts somebody said are two persons; the smaller id first
    Column("contact_id", Id, ForeignKey("contact.id"), primary_key=True),
    Column("other_id", Id, ForeignKey("contact.id"), primary_key=True),
    Column("agent_id", Id),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_kept_apart_other_id", "other_id"),
)

identity_act = Table(
    "identity_act",
    metadata,
    Column("id", Id, primary_key=True),
    # contacts_merged | contacts_parted | kept_apart | conversations_merged | conversations_parted | split
    Column("act", String(24), nullable=False),
    # what was merged into, parted from or split off the other; contacts or conversations
    Column("subject_id", Id, nullable=False, index=True),
    Column("other_id", Id, nullable=False, index=True),
    # null for what filing did by proof
    Column("agent_id", Id),
    Column("reason", Text, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
)
