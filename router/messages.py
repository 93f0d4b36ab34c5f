"""What crosses a plugin border: raw items and events inwards, attempts and receipts outwards.

Everything here is frozen, keyword-only and free of I/O. Times are aware UTC. Ids are opaque strings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from router.calls import Call
from router.threads import Audience, PlatformState, TemplateUse

JsonValue: TypeAlias = "None | bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue]"
JsonObject: TypeAlias = Mapping[str, JsonValue]


class AcceptOutcome(StrEnum):
    """What became of one raw item handed to `ChannelContext.accept`."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawInbound:
    """One item exactly as the provider delivered it.

    `dedupe_key` is any stable text of the channel's choice; the core hashes it per account and keeps it
    for at least 30 days. `envelope` holds what the bytes do not say (SMTP sender and recipients, HTTP
    headers); it must be JSON. `raw` is never changed.
    """

    dedupe_key: str
    raw: bytes
    received_at: datetime
    envelope: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptResult:
    """The durable answer for one raw item; a duplicate carries the id of the first delivery."""

    outcome: AcceptOutcome
    inbound_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledMessage:
    """Where an accepted item ended: known once the filing room has committed.

    `seq` counts what the customer may see in this conversation, dense from 1.
    """

    inbound_id: str
    conversation_id: str
    message_id: str
    seq: int
    at: datetime


class EventKind(StrEnum):
    """What an inbound event is."""

    MESSAGE = "message"
    EDIT = "edit"
    RECALL = "recall"
    REACTION = "reaction"
    RECEIPT = "receipt"
    CALL = "call"
    THREAD_STATE = "thread_state"
    ASSIGNMENT = "assignment"
    NOTE = "note"
    SYSTEM = "system"


class Role(StrEnum):
    """Who speaks."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SHOP = "shop"
    BOT = "bot"
    SYSTEM = "system"
    OPERATOR = "operator"
    MEDIATOR = "mediator"
    OTHER = "other"


class Proof(StrEnum):
    """How well an address is known to belong to who uses it; weakest first."""

    UNVERIFIED = "unverified"
    CHANNEL = "channel"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One address of a person within one account: an e-mail address, a visitor id, a buyer id."""

    kind: str
    value: str
    proof: Proof = Proof.UNVERIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote an event; `identities[0]` is where an answer goes."""

    role: Role
    identities: Sequence[Identity] = ()
    display: str = ""


class BlockKind(StrEnum):
    """The neutral kinds of content a message is made of."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"
    AUDIO = "audio"
    VIDEO = "video"
    LOCATION = "location"
    CONTACT = "contact"
    ORDER_CARD = "order_card"
    PRODUCT_CARD = "product_card"
    COUPON_CARD = "coupon_card"
    CHOICE = "choice"
    FORM = "form"
    CALL = "call"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of content.

    `text` is plain text (for other kinds: the fall-back text). `html` is the sanitised original of a text
    block, if it had one. `quoted` is the folded part (quoted history, signature). `fields` carries what the
    kind needs (`attachment`, `url`, `order_id`, `platform_kind` …).
    """

    kind: BlockKind = BlockKind.TEXT
    text: str = ""
    html: str = ""
    quoted: str = ""
    fields: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file inside a raw item; `part` is the plugin's own name for it, for `Channel.attachment`."""

    part: str
    name: str
    content_type: str
    size_bytes: int
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file one of our messages carries: what a block names by its field `attachment`."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


class EvidenceKind(StrEnum):
    """Why a message may belong to a conversation, strongest first.

    `THREAD` is the provider's own thread id, which only its participants can write to. `REPLY_TOKEN` is
    the secret part of an address of ours. `MESSAGE_ID` is a message named by the sender, which proves
    nothing unless the sender already takes part. `SUBJECT` is the weakest: a normalised subject.
    """

    THREAD = "thread"
    REPLY_TOKEN = "reply_token"
    MESSAGE_ID = "message_id"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One pointer from a message to a conversation; the core judges it."""

    kind: EvidenceKind
    value: str


class Automatic(StrEnum):
    """Whether a machine wrote the message; never hides it, only stops automatic answers."""

    NO = "no"
    REPLY = "reply"
    BULK = "bulk"
    REPORT = "report"


class DeliveryState(StrEnum):
    """States of an outbound message and its attempts, in `rulings.md` order."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    HELD = "held"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    BOUNCED = "bounced"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What the outside world says later about an outbound message.

    `outgoing_ref` is the id the message was sent under (Message-ID, provider id). `address_gone` marks the
    contact point as unreachable.
    """

    outgoing_ref: str
    state: DeliveryState
    at: datetime
    detail: str = ""
    address_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent:
    """What a raw item means, as the plugin's pure `decode` reads it.

    `external_id` is the provider's id of this message (Message-ID, chat `cid`). `subject_key` is the
    subject as the channel compares it (reply prefixes off). `evidence` is in the plugin's order of
    trust. `provider_data` is opaque, plugin-owned JSON that comes back in `OutboundAttempt.answers`.
    `language` is a BCP 47 tag where the provider states one. Rules read `order_id`, `order_stage`,
    `order_status` and `kind` (what the provider calls special, like `dispute`) from `context`.

    Only a visible MESSAGE of a CUSTOMER and a CALL that nobody answered ask for something; all else is kept
    beside its conversation and opens nothing. A message whose author is AGENT or SHOP is one of ours that
    came back (an echo) or that was sent outside. `target` is the external id of the message that an EDIT,
    RECALL, REACTION or RECEIPT is about; `sort_key` orders messages of one thread as the provider does.
    """

    kind: EventKind = EventKind.MESSAGE
    external_id: str = ""
    occurred_at: datetime | None = None
    author: Author
    subject: str = ""
    subject_key: str = ""
    blocks: Sequence[Block] = ()
    attachments: Sequence[Attachment] = ()
    evidence: Sequence[Evidence] = ()
    automatic: Automatic = Automatic.NO
    visible: bool = True
    language: str = ""
    recipients: Sequence[str] = ()
    context: JsonObject = field(default_factory=dict)
    report: DeliveryReport | None = None
    warnings: Sequence[str] = ()
    provider_data: JsonObject = field(default_factory=dict)
    audience: frozenset[Audience] = frozenset({Audience.CUSTOMER})
    sort_key: str = ""
    target: str = ""
    platform_state: PlatformState | None = None
    call: Call | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredMessage:
    """The customer's message a reply answers; `provider_data` is what `decode` put there.

    `opened`: it is the first of its conversation, so an answer reveals nothing but the answer itself.
    """

    external_id: str
    provider_data: JsonObject
    opened: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundAttempt:
    """One try to send one message. The same `outgoing_ref` goes out on every try.

    `recipient` is the contact point's address, `thread` the provider thread if there is one, `seq` the
    place among what the customer may see. `reply_token` is the secret for this conversation and recipient.
    """

    attempt_id: str
    number: int
    account: str
    conversation_id: str
    message_id: str
    outgoing_ref: str
    seq: int
    recipient: str
    blocks: Sequence[Block]
    created_at: datetime
    author_name: str = ""
    subject: str = ""
    thread: str = ""
    reply_token: str = ""
    answers: AnsweredMessage | None = None
    automatic: bool = False
    audience: frozenset[Audience] = frozenset({Audience.CUSTOMER})
    template: TemplateUse | None = None


class SendOutcome(StrEnum):
    """What `Channel.send` may return; everything else is raised as a `SendError`."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The provider took the message: `remote_ref` is its id there, `detail` its own words."""

    outcome: SendOutcome
    remote_ref: str = ""
    detail: str = ""


class Confirmation(StrEnum):
    """What the provider says when asked whether a doubtful attempt arrived."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEvent:
    """One entry a customer may see in a conversation, for channels that replay history."""

    seq: int
    id: str
    at: datetime
    kind: str
    role: Role
    author_name: str
    blocks: Sequence[Block]
    external_id: str = ""
    outgoing_ref: str = ""
