"""Room 3: contacts, conversations, episodes, messages and what points to them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from router.storage.columns import Digest, Id, Json, Name, UtcTime
from router.storage.schema.base import metadata, partial

contact = Table(
    "contact",
    metadata,
    Column("id", Id, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("tier", Name, nullable=False, server_default=""),
    Column("language", String(20), nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    # the contact whose rows these are shown as; null while nobody said they are one person
    Column("merged_into", Id, index=True),
)

contact_point = Table(
    "contact_point",
    metadata,
    Column("id", Id, primary_key=True),
    Column("contact_id", Id, ForeignKey("contact.id"), nullable=False, index=True),
    Column("account", Name, nullable=False),
    Column("kind", String(30), nullable=False),
    # as compared: an e-mail address in lower case, an id as it came
    Column("address", Text, nullable=False),
    Column("display", Text, nullable=False),
    # unverified | channel | verified
    Column("proof", String(12), nullable=False),
    # ok | gone
    Column("state", String(12), nullable=False, server_default="ok"),
    Column("created_at", UtcTime, nullable=False),
    # the contact it came with, whatever was merged since; contact_id is whose it is now
    Column("own_contact_id", Id, nullable=False, server_default="", index=True),
    UniqueConstraint("account", "kind", "address"),
    Index("ix_contact_point_address", "address", "kind"),
)

conversation = Table(
    "conversation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("contact_id", Id, ForeignKey("contact.id"), nullable=False, index=True),
    Column("account", Name, nullable=False),
    Column("contact_point_id", Id, ForeignKey("contact_point.id"), nullable=False),
    Column("thread", Text, nullable=False, server_default=""),
    # whose mail or number it came by, where a channel only relays (amazon)
    Column("marketplace", Name, nullable=False, server_default=""),
    Column("subject", Text, nullable=False),
    Column("subject_key", Text, nullable=False),
    # open | resolved
    Column("state", String(12), nullable=False),
    Column("episode_id", Id, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_message_at", UtcTime, nullable=False),
    Column("resolved_at", UtcTime),
    # the conversation it is shown in while they are merged
    Column("merged_into", Id, index=True),
    # where messages of its thread stand since it was split
    Column("continues_in", Id),
    # the conversation that takes its new messages, as both columns above come to; null: itself
    Column("leads_to", Id, index=True),
    Index("ix_conversation_point_subject", "contact_point_id", "subject_key", "last_message_at"),
    Index("ix_conversation_last_message_at", "last_message_at"),
)

participant = Table(
    "participant",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("contact_point_id", Id, ForeignKey("contact_point.id"), primary_key=True),
)

conversation_link = Table(
    "conversation_link",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("other_id", Id, ForeignKey("conversation.id"), primary_key=True),
    # guest (named us without taking part) | hint (might belong to) | continued (too old to reopen)
    Column("kind", String(12), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

episode = Table(
    "episode",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("resolved_at", UtcTime),
    Column("resolved_by", Id),
    Column("reason", Text),
)

message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False),
    Column("episode_id", Id, nullable=False),
    # place among what the customer of its strand may see, dense from 1; null for notes and inner events
    Column("seq", Integer),
    # inbound | outbound | note | event
    Column("direction", String(10), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("role", String(12), nullable=False),
    Column("author_name", Text, nullable=False),
    Column("agent_id", Id),
    Column("account", Name, nullable=False),
    Column("contact_point_id", Id),
    Column("external_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("blocks", Json, nullable=False),
    Column("preview", String(200), nullable=False),
    Column("automatic", String(10), nullable=False),
    Column("guest", Boolean, nullable=False),
    Column("warnings", Json, nullable=False),
    Column("provider_data", Json, nullable=False),
    Column("inbound_id", Id, index=True),
    Column("occurred_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    # where the provider puts it among the messages of its thread; empty where it does not say
    Column("sort_key", Text, nullable=False, server_default=""),
    # who reads it, null for the customer alone
    Column("audience", Json),
    # a message of the shop that was not written here
    Column("sent_outside", Boolean, nullable=False, server_default=false()),
    Column("recalled_at", UtcTime),
    # since when it reads as it does now; what it read before is in versions, oldest first
    Column("edited_at", UtcTime),
    Column("versions", Json, nullable=False, server_default="[]"),
    Column("reactions", Json, nullable=False, server_default="[]"),
    # of a change: the external id of the message it is about, until that has come
    Column("unmet_target", Text),
    # the conversation whose thread and numbers it has, whatever is merged or split
    Column("strand_id", Id, nullable=False, server_default=""),
    # where it stands while nothing is merged; conversation_id is where it is shown now
    Column("home_id", Id, nullable=False, server_default="", index=True),
    partial("ix_message_unmet", "strand_id", where="unmet_target IS NOT NULL"),
    Index("ix_message_conversation", "conversation_id", "id"),
    Index("ix_message_seq", "strand_id", "seq", unique=True),
)

thread_state = Table(
    "thread_state",
    metadata,
    # what the provider said last about the thread of a conversation
    Column("conversation_id", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("status", Text, nullable=False),
    # shop | customer | nobody, null where it does not say
    Column("turn", String(10)),
    Column("reply_needed_since", UtcTime),
    Column("closes_at", UtcTime),
    Column("can_send", Boolean),
    Column("blocked_reason", Text, nullable=False),
    Column("unread", Integer),
    Column("sort_key", Text, nullable=False),
    Column("stated_at", UtcTime, nullable=False),
)

reference = Table(
    "reference",
    metadata,
    # BLAKE2 of (account, kind, value): Message-IDs, provider threads, reply tokens (never in clear)
    Column("digest", Digest, primary_key=True),
    # thread | reply_token | message_id
    Column("kind", String(12), nullable=False),
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False),
    Column("message_id", Id),
    Column("contact_point_id", Id),
    Column("created_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, ForeignKey("message.id"), nullable=False, index=True),
    Column("inbound_id", Id, ForeignKey("raw_inbound.id"), nullable=False),
    Column("part", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", String(200), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content_id", Text, nullable=False),
    Column("inline", Boolean, nullable=False),
)
