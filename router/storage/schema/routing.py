"""Rooms 4 to 6: rules, queues, agents, work items, offers, claims and why."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from router.storage.columns import Id, Json, Name, UtcTime
from router.storage.schema.base import Serial, metadata, partial

ALARMS = ("escalated", "reachability", "overflow", "incident")
"""Acts that supervisors are told of."""

OPEN_OFFERS = ("pending", "accepting")
"""States of an offer that has not ended."""

ruleset = Table(
    "ruleset",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("lists", Json, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)

# each row is all that is in force from then on; nothing is ever taken out
ruleset_change = Table(
    "ruleset_change",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    # applied | staged | promoted | reverted
    Column("act", String(12), nullable=False),
    Column("version", Integer, ForeignKey("ruleset.version"), nullable=False),
    Column("staged_version", Integer, ForeignKey("ruleset.version")),
    # whom the staged version is for: {queues: [name]} or {percent: number}
    Column("stage", Json),
    # what the configured file held when it was last looked at
    Column("file_version", Integer, ForeignKey("ruleset.version")),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", UtcTime, nullable=False),
)

queue = Table(
    "queue",
    metadata,
    Column("name", Name, primary_key=True),
    Column("max_advance_s", Integer, nullable=False),
    Column("offer_timeout_s", Integer, nullable=False),
)

skill = Table(
    "skill",
    metadata,
    Column("name", Name, primary_key=True),
    # language | legal | craft | …
    Column("kind", String(20), nullable=False),
)

agent = Table(
    "agent",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", Name, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    # agent | supervisor | admin
    Column("role", String(12), nullable=False),
    Column("locale", String(10), nullable=False),
    # the budget work is weighed against; `max_claims` caps the items as well, null: does not
    Column("units", Integer, nullable=False, server_default="100"),
    Column("max_claims", Integer),
    # queues served, null: all
    Column("queues", Json),
    # periods of the week, as the roster writes them
    Column("shifts", Json, nullable=False, server_default="[]"),
    Column("active", Boolean, nullable=False),
)

agent_skill = Table(
    "agent_skill",
    metadata,
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("skill", Name, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("expires_at", UtcTime),
)

presence = Table(
    "presence",
    metadata,
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    # available | busy | away | offline
    Column("state", String(12), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    # channel classes the agent takes; null means all
    Column("classes", Json),
    Column("since", UtcTime, nullable=False),
)

work_item = Table(
    "work_item",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversation.id"), nullable=False, index=True),
    Column("episode_id", Id, ForeignKey("episode.id"), nullable=False, unique=True),
    # waiting | offered | claimed | done
    Column("state", String(12), nullable=False),
    Column("queue", Name, nullable=False),
    Column("channel_class", String(20), nullable=False),
    # list of {require|prefer|forbid: skill, level?, grade?, drop_after_s?}
    Column("needs", Json, nullable=False),
    Column("boost_s", Integer, nullable=False),
    # names of the policies it is under
    Column("sla", Json, nullable=False, server_default="[]"),
    # when the first of its promises is due
    Column("due_at", UtcTime),
    Column("lead_s", Integer, nullable=False),
    # what its channel's provider demands besides: the time, and how long before it counts as urgent
    Column("platform_due_at", UtcTime),
    Column("platform_lead_s", Integer, nullable=False, server_default="0"),
    Column("max_advance_s", Integer, nullable=False),
    Column("eligible_since", UtcTime, nullable=False),
    Column("entered_queue_at", UtcTime, nullable=False),
    Column("entered_system_at", UtcTime, nullable=False),
    # grows with every claim: the fencing token of the next one
    Column("token", Integer, nullable=False),
    Column("offers_made", Integer, nullable=False),
    # agents not asked again: {agent_id: reason}
    Column("declined", Json, nullable=False),
    # the queue from which overflow brought it here; null: none did
    Column("moved_from", Name),
    # who should have it if he can: the last one who had this conversation or this customer
    Column("preferred_agent_id", Id, ForeignKey("agent.id")),
    # why its resolution waits for something outside; null: it does not
    Column("pause", Text),
    # name of each rule that matched, and the facts it saw
    Column("triage", Json, nullable=False),
    Column("ruleset_version", Integer, nullable=False),
    partial("ix_work_item_live", "id", where="state <> 'done'"),
)

offer = Table(
    "offer",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("work_item_id", Id, ForeignKey("work_item.id"), nullable=False, index=True),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False),
    # pending | accepting | accepted | rejected | expired | rescinded | cancelled | failed
    Column("state", String(12), nullable=False),
    Column("offered_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    partial("ix_offer_open", "agent_id", where=f"state IN {OPEN_OFFERS!r}"),
)

claim = Table(
    "claim",
    metadata,
    Column("id", Id, primary_key=True),
    Column("work_item_id", Id, ForeignKey("work_item.id"), nullable=False, index=True),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False),
    Column("token", Integer, nullable=False),
    # active | wrapping | completed | handed_back
    Column("state", String(12), nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("reason", Text, nullable=False, server_default=""),
    # since when a reply is owed, which starts its lease; when the customer last heard from its holder
    Column("renewed_at", UtcTime),
    Column("replied_at", UtcTime),
    # the last step its lease has taken: nudged | escalated; empty: none
    Column("lease_step", String(20), nullable=False, server_default=""),
    # the customer is the one who is waited for
    Column("is_dormant", Boolean, nullable=False, server_default=false()),
    # until when its holder has after-call work; null: there was none
    Column("wraps_until", UtcTime),
    partial("ix_claim_wrapping", "work_item_id", where="state = 'wrapping'"),
    partial("ix_claim_active", "work_item_id", where="state = 'active'", unique=True),
    Index("ix_claim_agent", "agent_id", "state"),
)

event_log = Table(
    "event_log",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("type", String(30), nullable=False),
    Column("body", Json, nullable=False),
)

decision_record = Table(
    "decision_record",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    # a word of `decisions.Act`; both ids are empty for acts about no item
    Column("act", String(20), nullable=False),
    Column("work_item_id", Id, nullable=False, index=True),
    Column("conversation_id", Id, nullable=False, index=True),
    Column("agent_id", Id),
    Column("body", Json, nullable=False),
    partial("ix_decision_record_alarm", "id", where=f"act IN {ALARMS!r}"),
)
