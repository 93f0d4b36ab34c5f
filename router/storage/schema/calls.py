"""Calls as they came together from all that told of them, and tasks: what somebody is owed at a time."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from router.storage.columns import Digest, Id, Json, Name, UtcTime
from router.storage.schema.base import metadata, partial

call = Table(
    "call",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Name, nullable=False),
    # the customer's number as numbers are compared, with its extension; empty: not known
    Column("number", Text, nullable=False),
    # everything known of it, as `model/calls.py` writes it
    Column("facts", Json, nullable=False),
    # when it counts: an answered one from the answer, any other from its start
    Column("at", UtcTime, nullable=False),
    # nobody answered a customer who can be called back
    Column("asks", Boolean, nullable=False),
    # somebody spoke to the customer, so that calls before it need no call back
    Column("answers", Boolean, nullable=False),
    # entered by hand, and no record of it has come yet
    Column("manual", Boolean, nullable=False),
    # null: nobody's, like an inner call or one without a number
    Column("contact_point_id", Id, ForeignKey("contact_point.id")),
    Column("conversation_id", Id, ForeignKey("conversation.id"), index=True),
    # its one message, changed in place while facts arrive
    Column("message_id", Id),
    Column("heard_at", UtcTime, nullable=False),
    Index("ix_call_number_at", "number", "at"),
)

call_key = Table(
    "call_key",
    metadata,
    # BLAKE2 of (account, key): the ids a source knows the call and its legs by
    Column("digest", Digest, primary_key=True),
    Column("call_id", Id, ForeignKey("call.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

task = Table(
    "task",
    metadata,
    Column("id", Id, primary_key=True),
    # call_back | follow_up
    Column("kind", String(12), nullable=False),
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False, index=True),
    # the episode it is work of: the one it opened, or that was open; null: not begun
    Column("episode_id", Id, ForeignKey("episode.id"), index=True),
    # the account calls for it go through; empty: none is known
    Column("account", Name, nullable=False),
    # as numbers are compared, and as it is dialled
    Column("number", Text, nullable=False),
    Column("dial", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("script", Text, nullable=False, server_default=""),
    # when the customer is best reached
    Column("best_from", UtcTime),
    Column("best_until", UtcTime),
    # when it becomes work, and when it is over whatever happened
    Column("due_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    # 0: as many as it takes
    Column("attempt_limit", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # the calls nobody answered that it is for, with the first and the last of them; 0: somebody made it
    Column("counter", Integer, nullable=False, server_default="0"),
    Column("first_missed_at", UtcTime),
    Column("last_missed_at", UtcTime),
    # open | done | expired
    Column("state", String(12), nullable=False),
    Column("closed_at", UtcTime),
    # who or what closed it: an agent, a call, or neither for what time did
    Column("closed_by", Id, ForeignKey("agent.id")),
    Column("closed_call_id", Id),
    Column("closed_reason", Text, nullable=False, server_default=""),
    # null: a call nobody answered
    Column("created_by", Id, ForeignKey("agent.id")),
    Column("created_at", UtcTime, nullable=False),
    partial("ix_task_missed", "number", where="state = 'open' AND created_by IS NULL", unique=True),
    partial("ix_task_open", "due_at", where="state = 'open'"),
    Index("ix_task_number", "number"),
)

task_attempt = Table(
    "task_attempt",
    metadata,
    # also the name under which a call made for it comes back
    Column("id", Id, primary_key=True),
    Column("task_id", Id, ForeignKey("task.id"), nullable=False, index=True),
    # null: a call was seen that nobody said anything about
    Column("agent_id", Id, ForeignKey("agent.id")),
    Column("at", UtcTime, nullable=False),
    # calling | reached | not_reached | failed
    Column("state", String(12), nullable=False),
    # the call that confirmed it
    Column("call_id", Id),
    Column("detail", Text, nullable=False, server_default=""),
)
