"""What the filing room holds in its hands: rows as values, and what a batch adds or changes.

A `Shelf` is loaded once per batch with everything the batch's events point to. Filing decides on the
shelf alone; afterwards the shelf is written back in one go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from router.ids import digest
from router.messages import DeliveryReport, Evidence, EvidenceKind, Identity, InboundEvent, Proof
from router.model.calls import EndedWork
from router.model.identity import FOLDED_KINDS
from router.model.threads import Echo, Thread

Row = dict[str, Any]

MAX_NAME_CHARS = 100


class FiledAs(StrEnum):
    """How an inbound item was filed; the ledger counts these.

    `kept` is what asked for nothing and came first for its thread: it stands in a quiet
    conversation. `echo` is one of our own messages come back.
    """

    OPENED = "opened"
    THREADED = "threaded"
    REOPENED = "reopened"
    GUEST = "guest"
    REPORT = "report"
    KEPT = "kept"
    ECHO = "echo"
    IGNORED = "ignored"


class LinkKind(StrEnum):
    """Why two conversations stand beside each other; the last two follow from the rows and are not stored.

    `merged` is one whose messages are shown here.
    """

    GUEST = "guest"
    HINT = "hint"
    CONTINUED = "continued"
    SAME_CONTACT = "same_contact"
    MERGED = "merged"


class OrderLookup(StrEnum):
    """What became of asking for an order before triage; empty when nobody was asked."""

    NOT_ASKED = ""
    FOUND = "found"
    UNKNOWN = "unknown"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """The order a message is about; `stage` is pre_sale, in_sale or after_sale."""

    id: str = ""
    stage: str = ""
    status: str = ""
    value: float = 0.0
    lookup: OrderLookup = OrderLookup.NOT_ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One accepted raw item with what its plugin read in it.

    `orders` holds what was looked up for each event, in their order; empty when nothing was.
    """

    inbound_id: str
    account: str
    channel: str
    channel_class: str
    joins_open_episode: bool
    received_at: datetime
    events: tuple[InboundEvent, ...]
    orders: tuple[OrderFacts, ...] = ()

    def order_of(self, event: InboundEvent) -> OrderFacts:
        """Give what is known of the order one of the events is about."""
        for other, order in zip(self.events, self.orders, strict=False):
            if other is event:
                return order
        return OrderFacts()


@dataclass(frozen=True, slots=True)
class PointKey:
    """What makes a contact point unique."""

    account: str
    kind: str
    address: str

    @classmethod
    def of(cls, account: str, identity: Identity) -> PointKey:
        """Build the key of an identity within an account."""
        value = identity.value.strip()
        return cls(account, identity.kind, value.casefold() if identity.kind in FOLDED_KINDS else value)


@dataclass(slots=True)
class Point:
    """A contact point and its contact."""

    id: str
    contact_id: str
    contact_name: str
    tier: str
    returning: bool
    proof: Proof = Proof.UNVERIFIED
    is_raised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """The contact a new address is proven to belong to."""

    contact_id: str
    contact_name: str
    tier: str
    evidence: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenElsewhere:
    """What a contact has open at a proven point of his."""

    conversation_id: str
    point_id: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedOrder:
    """An order an event says is its author's; `scope` is within what its number is unique."""

    point_id: str
    conversation_id: str
    scope: str
    order_id: str
    proof: Proof
    at: datetime


@dataclass(slots=True)
class Shelved:
    """A conversation as filing needs it; the mutable fields are written back.

    `adopted_as` is the subject a quiet conversation gets from the customer who made it his. `leads_to` is the
    conversation its messages stand in since it was merged or split (None: itself), `continues_in` since it
    was split.
    """

    id: str
    contact_id: str
    contact_point_id: str
    account: str
    subject_key: str
    state: str
    episode_id: str
    episode_number: int
    last_seq: int
    last_message_at: datetime
    resolved_at: datetime | None
    thread: str = ""
    leads_to: str | None = None
    continues_in: str | None = None
    merged_into: str | None = None
    changed: bool = False
    new: bool = False
    adopted_as: str | None = None

    @property
    def is_quiet(self) -> bool:
        """Say whether nobody has asked for anything here yet."""
        return self.episode_number == 0


@dataclass(slots=True)
class Pointer:
    """Where a reference leads."""

    kind: EvidenceKind
    conversation_id: str
    contact_point_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An episode that has just begun, with what triage has to know."""

    conversation: Shelved
    episode_id: str
    point: Point
    event: InboundEvent
    reopened: bool
    opened_at: datetime


@dataclass(slots=True, kw_only=True)
class Filed:
    """What became of one decoded item.

    `messages` pairs each message's row with its provider thread, `attachments` are the rows of their files;
    `delivered` lists (conversation, message) of ours that its reports were about, `changed` those that read
    otherwise now. `stated` are the conversations whose provider said how it sees them.
    `updated` are rows of messages of calls of which more is known now; `ended` is work that nobody has to do
    any more.
    """

    inbound_id: str
    account: str
    outcome: FiledAs = FiledAs.IGNORED
    messages: list[tuple[Row, str]] = field(default_factory=list)
    updated: list[Row] = field(default_factory=list)
    ended: list[EndedWork] = field(default_factory=list)
    attachments: list[Row] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)
    work_items: list[Row] = field(default_factory=list)
    reports: list[DeliveryReport] = field(default_factory=list)
    delivered: list[tuple[str, str]] = field(default_factory=list)
    echoes: list[Echo] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    stated: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Shelf:
    """The neighbourhood of a batch, and the rows the batch adds.

    `threads` tells of the messages that echoes and changes are about, by conversation, `states` what providers
    said last of theirs, as rows of `thread_state` (`stated`: those of this batch). `met` are the entries of
    changes that waited for their message and wait no longer. `kin` are contacts new addresses belong to,
    `elsewhere` what contacts have open at proven points, `orders` whose orders those are, by point; `claims` and
    `stated_orders` what this batch's customers said of themselves.
    """

    points: dict[PointKey, Point] = field(default_factory=dict)
    pointers: dict[bytes, Pointer] = field(default_factory=dict)
    conversations: dict[str, Shelved] = field(default_factory=dict)
    participants: set[tuple[str, str]] = field(default_factory=set)
    threads: dict[str, Thread] = field(default_factory=dict)
    states: dict[str, Row] = field(default_factory=dict)
    stated: set[str] = field(default_factory=set)
    met: list[str] = field(default_factory=list)
    kin: dict[PointKey, Kin] = field(default_factory=dict)
    elsewhere: dict[str, list[OpenElsewhere]] = field(default_factory=dict)
    orders: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    claims: list[tuple[str, Identity, datetime]] = field(default_factory=list)
    stated_orders: list[StatedOrder] = field(default_factory=list)
    new: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, row: Row) -> None:
        """Note a row to insert."""
        self.new.setdefault(table, []).append(row)

    def whole_of(self, conversation: Shelved) -> Shelved:
        """Give the conversation a message of this one stands in: itself, unless it was merged or split."""
        return self.conversations[conversation.leads_to or conversation.id]

    def open_of(self, point_id: str) -> list[Shelved]:
        """Give the conversations of a contact point that are open, alone or as part of another, newest first."""
        mine = [
            conversation
            for conversation in self.conversations.values()
            if conversation.contact_point_id == point_id and self.whole_of(conversation).state == "open"
        ]
        return sorted(mine, key=lambda conversation: conversation.last_message_at, reverse=True)


def subject_of(event: InboundEvent) -> str | None:
    """Give the normalised subject an event offers as evidence, if any."""
    return next((e.value for e in event.evidence if e.kind is EvidenceKind.SUBJECT), None)


def thread_of(event: InboundEvent) -> str:
    """Give the provider thread an event belongs to, or an empty text."""
    return next((e.value for e in event.evidence if e.kind is EvidenceKind.THREAD), "")


def marketplace_of(event: InboundEvent) -> str:
    """Name the marketplace that a channel only relays for, as its `decode` put it into the context."""
    named = event.context.get("marketplace")
    return named if isinstance(named, str) and len(named) <= MAX_NAME_CHARS else ""


def pointing(event: InboundEvent) -> list[Evidence]:
    """Give the evidence that is looked up by value."""
    return [e for e in event.evidence if e.kind is not EvidenceKind.SUBJECT]


def own_pointer(event: InboundEvent) -> Evidence | None:
    """Give what later messages may point to: the thread, else this message's own id."""
    thread = thread_of(event)
    if thread:
        return Evidence(kind=EvidenceKind.THREAD, value=thread)
    if event.external_id:
        return Evidence(kind=EvidenceKind.MESSAGE_ID, value=event.external_id)
    return None


def reference_digest(account: str, evidence: Evidence) -> bytes:
    """Give the key under which a pointer to a conversation is kept; secrets only ever as this."""
    return digest(account, evidence.kind, evidence.value)
