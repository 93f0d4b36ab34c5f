"""Rooms 7 and 8: messages on their way out with their files, each attempt, each receipt."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from router.storage.columns import Id, Json, Name, UtcTime
from router.storage.schema.base import metadata, partial

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True),
    Column("account", Name, nullable=False),
    Column("contact_point_id", Id, ForeignKey("contact_point.id"), nullable=False),
    # DeliveryState
    Column("state", String(12), nullable=False),
    Column("outgoing_ref", Text, nullable=False),
    # secret of the reply address; erased once the message is out
    Column("reply_token", Text),
    Column("answers_message_id", Id),
    Column("automatic", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", UtcTime),
    Column("detail", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    # an approved text with its gaps filled, null for free text
    Column("template", Json),
    # of a refusal: the part refused, until when, and what an agent can do instead
    Column("refusal", Json),
    # of a text too long for one message: its first part, which part this is, of how many
    Column("first_part_id", Id),
    Column("part", Integer),
    Column("parts", Integer),
    # withheld: it waits for this part, which did not arrive
    Column("waits_for_part", Integer),
    partial("ix_outbox_open", "account", "next_try_at", where="state IN ('queued', 'sending')"),
    partial("ix_outbox_parts", "first_part_id", where="first_part_id IS NOT NULL"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, ForeignKey("outbox.message_id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    # DeliveryState
    Column("state", String(12), nullable=False),
    # claimed by this run of the router; another run settles it after a crash
    Column("run_id", Id, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    # from here on the peer may have got it
    Column("sending_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("error", String(30), nullable=False, server_default=""),
    Column("code", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("remote_ref", Text, nullable=False, server_default=""),
    partial("ix_attempt_sending", "message_id", where="state = 'sending'"),
)

# what a provider's limit holds back; it outlives a restart
send_pause = Table(
    "send_pause",
    metadata,
    Column("account", Name, primary_key=True),
    # account | thread | recipient
    Column("scope", String(12), primary_key=True),
    # the conversation or contact point, empty for the whole account
    Column("key", Id, primary_key=True),
    Column("until", UtcTime, nullable=False),
)

receipt = Table(
    "receipt",
    metadata,
    Column("message_id", Id, ForeignKey("outbox.message_id"), primary_key=True),
    Column("state", String(12), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("detail", Text, nullable=False),
)

outgoing_file = Table(
    "outgoing_file",
    metadata,
    # its bytes have this name in the folder of outgoing files
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False),
    # whose it is to send; null while its bytes come in or are being removed
    Column("agent_id", Id),
    Column("name", Text, nullable=False),
    Column("content_type", String(200), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # the message that took it along; null while it waits for one
    Column("message_id", Id, ForeignKey("message.id"), index=True),
    # what a provider calls it that it was brought to
    Column("provider_fields", Json),
    Column("provided_at", UtcTime),
    partial("ix_outgoing_file_waiting", "agent_id", "created_at", where="message_id IS NULL"),
)
