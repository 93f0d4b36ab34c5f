"""Every table, once, for both engines. The words are those of `docs/glossary.md`.

Ids are 32 hexadecimal digits, ordered by time. Times are `UtcTime`. States are plain words, listed with
their column. `account` names a configured channel account.
"""

from router.storage.schema.base import metadata, one_of
from router.storage.schema.calls import call, call_key, task, task_attempt
from router.storage.schema.conversations import (
    attachment,
    contact,
    contact_point,
    conversation,
    conversation_link,
    episode,
    message,
    participant,
    reference,
    thread_state,
)
from router.storage.schema.identity import claimed_point, identity_act, kept_apart, known_order
from router.storage.schema.intake import channel_account, plugin_value, quarantine, raw_bytes, raw_inbound
from router.storage.schema.orders import conversation_order, order_note
from router.storage.schema.people import api_token, draft, login_session
from router.storage.schema.promises import absence, incident, sla_clock
from router.storage.schema.replies import attempt, outbox, outgoing_file, receipt, send_pause
from router.storage.schema.routing import (
    ALARMS,
    OPEN_OFFERS,
    agent,
    agent_skill,
    claim,
    decision_record,
    event_log,
    offer,
    presence,
    queue,
    ruleset,
    ruleset_change,
    skill,
    work_item,
)

__all__ = [
    "ALARMS",
    "OPEN_OFFERS",
    "absence",
    "agent",
    "agent_skill",
    "api_token",
    "attachment",
    "attempt",
    "call",
    "call_key",
    "channel_account",
    "claim",
    "claimed_point",
    "contact",
    "contact_point",
    "conversation",
    "conversation_link",
    "conversation_order",
    "decision_record",
    "draft",
    "episode",
    "event_log",
    "identity_act",
    "incident",
    "kept_apart",
    "known_order",
    "login_session",
    "message",
    "metadata",
    "offer",
    "one_of",
    "order_note",
    "outbox",
    "outgoing_file",
    "participant",
    "plugin_value",
    "presence",
    "quarantine",
    "queue",
    "raw_bytes",
    "raw_inbound",
    "receipt",
    "reference",
    "ruleset",
    "ruleset_change",
    "send_pause",
    "skill",
    "thread_state",
    "sla_clock",
    "task",
    "task_attempt",
    "work_item",
]
