"""What a desk is shown: the shapes of `docs/http-api.md`, read from the store and sent as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from router.model.filing import LinkKind
from router.model.presence import PresenceState

AgentRole: TypeAlias = Literal["agent", "supervisor", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An agent, by name only."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Whether an agent takes work; `classes` are the channel classes taken, None means all."""

    state: PresenceState
    reason: str
    since: datetime | None
    classes: Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A planned absence; `until` None lasts until told otherwise."""

    since: datetime
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent as colleagues see one.

    `units` is the budget work is weighed against, `max_claims` None means no cap on the number of items,
    `queues` None all queues.
    """

    id: str
    login: str
    name: str
    role: AgentRole
    locale: str
    skills: Mapping[str, int]
    units: int
    max_claims: int | None
    queues: Sequence[str] | None
    presence: Presence
    absence: Absence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOnDuty(Agent):
    """An agent with the conversations in hand: how many, and the units they and open offers take."""

    claims: int
    used_units: float
    wrapping_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The customer of a conversation, at the address it came from."""

    id: str
    name: str
    address: str
    proof: Literal["unverified", "channel", "verified"]
    tier: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise of a work item; `due_at` while it runs, `remaining_s` (working seconds) while it rests."""

    metric: Literal["first_response", "next_response", "resolution"]
    policy: str
    state: Literal["running", "paused", "kept", "late", "ended"]
    started_at: datetime
    target_s: float
    due_at: datetime | None
    remaining_s: float | None
    kept_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """How the holder of a claim stands with the customer.

    A reply is owed since `owed_since` (None: the customer is the one who is waited for); `step` is the last
    reminder: empty, `nudged` or `escalated`.
    """

    owed_since: datetime | None
    replied_at: datetime | None
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """The current episode as work; `token` is the fencing token of the asking agent's own active claim.

    `due_at` is when the first answer promised is due. `pause` says what its resolution waits for outside,
    None if for nothing.
    """

    id: str
    state: Literal["waiting", "offered", "claimed", "done"]
    queue: str
    channel_class: str
    needs: Sequence[Mapping[str, object]]
    boost_s: int
    sla: Sequence[str]
    promises: Sequence[Promise]
    pause: str | None
    lease: Lease | None
    due_at: datetime | None
    eligible_since: datetime
    entered_system_at: datetime
    claimed_by: Person | None
    offered_to: Person | None
    token: int | None
    matched_rules: Sequence[str]
    rule_errors: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadState:
    """What a provider said last of the thread of a conversation; None or empty where it does not say."""

    status: str
    turn: Literal["shop", "customer", "nobody"] | None
    reply_needed_since: datetime | None
    closes_at: datetime | None
    can_send: bool | None
    blocked_reason: str
    unread: int | None
    stated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation with its current work; `channel` is empty when its account is configured no more.

    `marketplace` is set where the channel only relays for one (a mail of an Amazon buyer).
    `merged_into` is the conversation its messages are shown in, None unless it was merged.
    """

    id: str
    subject: str
    state: Literal["open", "resolved"]
    channel: str
    marketplace: str
    account: str
    contact: Contact
    preview: str
    last_message_at: datetime
    created_at: datetime
    message_count: int
    last_seq: int
    work_item: WorkItem | None
    awaiting: Literal["agent", "customer"]
    failed_deliveries: int
    thread_state: ThreadState | None
    merged_into: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedConversation(Conversation):
    """Another conversation and why it may matter here."""

    link: LinkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Work held for one agent until `expires_at`; `waited_s` counts up to the moment of the offer."""

    id: str
    conversation: Conversation
    offered_at: datetime
    expires_at: datetime
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """After-call work of one agent on a conversation that is solved, until then or until he is done."""

    conversation: Conversation
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One routing act: `text` in words, `body` the record itself; `id` is empty when computed just now."""

    id: str
    at: datetime
    act: str
    agent: Person | None
    text: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident the rules declare; `until` and `started_by` while it is on."""

    name: str
    started_at: datetime | None
    until: datetime | None
    started_by: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueInIncident:
    """A queue that an incident lets overflow at once, to where (empty: nowhere), and what waits in it."""

    queue: str
    to: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxedSkill:
    """A skill an incident gives up, and how many waiting items ask for it."""

    skill: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPreview:
    """What an incident would change now; `reserve` is the units kept free for each queue."""

    name: str
    until: datetime
    queues: Sequence[QueueInIncident]
    relaxed: Sequence[RelaxedSkill]
    reserve: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something supervisors are told: a `Decision` about work, and its conversation if it is about one."""

    id: str
    at: datetime
    act: str
    conversation_id: str | None
    agent: Person | None
    text: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounters:
    """How much is in one queue now."""

    name: str
    waiting: int
    offered: int
    claimed: int
    oldest_eligible_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLedger:
    """Where everything that came in at one account has ended; `unfiled` tends to zero."""

    account: str
    received: int
    filed: int
    quarantined: int
    unfiled: int
    redeliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedItem:
    """An item set aside with its raw bytes; `reruns` counts the attempts to file it again."""

    id: str
    account: str
    code: str
    reason: str
    since: datetime
    received_at: datetime
    size_bytes: int
    reruns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A program's access; the token itself is stored hashed and shown only when it is made."""

    id: str
    name: str
    agent: Person
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What rules made of a piece of work; `rule_errors` say which of them failed, and so did not match."""

    ruleset_version: int
    queue: str
    needs: Sequence[Mapping[str, object]]
    boost_s: int
    sla: Sequence[str]
    matched_rules: Sequence[str]
    rule_errors: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerouting:
    """How work is routed and how it is, or would be, by the rules in force; `asked` are ids of agents."""

    before: Routing
    after: Routing
    applied: bool
    asked: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChange:
    """What was put in force, by whom and why."""

    act: str
    version: int
    staged_version: int | None
    author: str
    note: str
    at: datetime
