"""Room 4: from a message and what filing knows about it to a queue, an urgency and needs.

In: an `InboundEvent`, `FilingFacts` and the time. Out: a `TriagedMessage` with the facts the rules saw,
what they decided, and when a first answer is due. Pure: storing it is the caller's part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from router.engine.clocks.targets import first_due
from router.engine.language import detect_language
from router.engine.rules.facts import MAX_TEXT_CHARS, Facts, FactValue
from router.engine.rules.ruleset import RuleSet, Triage
from router.messages import BlockKind, InboundEvent
from router.model.filing import OrderFacts

WRITTEN = frozenset({BlockKind.TEXT, BlockKind.CHOICE, BlockKind.FORM, BlockKind.CALL})
"""Blocks whose text is the customer's own; that of the others only stands in for a picture or a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingFacts:
    """What is known besides the message once it has been filed.

    `language` is the one the customer is known by, `default_language` that of the channel account.
    `kind` names what a provider calls special (`dispute`); empty for an ordinary event.
    """

    channel: str
    account: str
    channel_class: str
    customer_id: str = ""
    tier: str = ""
    returning: bool = False
    reopened: bool = False
    transfers: int = 0
    age_s: int = 0
    language: str = ""
    default_language: str = ""
    kind: str = ""
    order: OrderFacts = field(default_factory=OrderFacts)
    classified: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriagedMessage:
    """What triage makes of one message; `due_at` is None when no first response is promised.

    The engine promises the same, to the second: `lead_s` is how long before it the item counts as urgent.
    """

    facts: Facts
    triage: Triage
    due_at: datetime | None
    lead_s: float


def triage_message(
    ruleset: RuleSet,
    event: InboundEvent,
    filing: FilingFacts,
    now: datetime,
    *,
    since: datetime | None = None,
) -> TriagedMessage:
    """Apply the rules to one message as of `now`; the customer has waited `since` then (None: `now`)."""
    facts = facts_of(event, filing, now)
    triage = ruleset.triage(facts)
    policies = ruleset.engine_config.sla
    promise = first_due(policies, triage.sla_policies, triage.channel_class, since or now)
    return TriagedMessage(
        facts=facts,
        triage=triage,
        due_at=None if promise is None else promise.due_at,
        lead_s=0.0 if promise is None else promise.terms.lead_s,
    )


def facts_of(event: InboundEvent, filing: FilingFacts, now: datetime) -> Facts:
    """Gather the facts about one message."""
    text = written_text(event)
    order = filing.order
    return Facts(
        at=now,
        text=text,
        subject=event.subject,
        channel=filing.channel,
        account=filing.account,
        channel_class=filing.channel_class,
        language=_language(event, text, filing),
        kind=filing.kind or _context(event, "kind") or event.kind.value,
        automatic=event.automatic.value,
        customer_id=filing.customer_id,
        customer_tier=filing.tier,
        customer_returning=filing.returning,
        order_id=order.id or _context(event, "order_id"),
        order_stage=order.stage or _context(event, "order_stage"),
        order_status=order.status or _context(event, "order_status"),
        order_value=order.value,
        order_lookup=order.lookup,
        reopened=filing.reopened,
        transfers=filing.transfers,
        age_s=filing.age_s,
        classified=filing.classified,
    )


def written_text(event: InboundEvent) -> str:
    """Join what the customer wrote, without quoted history, cut to what rules look at."""
    parts = [block.text for block in event.blocks if block.kind in WRITTEN and block.text]
    return "\n".join(parts)[:MAX_TEXT_CHARS]


def _language(event: InboundEvent, text: str, filing: FilingFacts) -> str:
    """Take the language of the words, else the one the provider states, else the one known before.

    What a provider states is often only how a browser or an app is set.
    """
    written = detect_language(text) or detect_language(event.subject)
    return written or _stated(event.language) or filing.language or filing.default_language


def _stated(tag: str) -> str:
    """Take the language out of a language tag; nothing if it is none."""
    language = tag.replace("_", "-").partition("-")[0].lower()
    is_one = 2 <= len(language) <= 3 and language.isascii() and language.isalpha() and language != "und"
    return language if is_one else ""


def _context(event: InboundEvent, key: str) -> str:
    """Read a word the channel put into the context of the event."""
    value = event.context.get(key)
    return value if isinstance(value, str) else ""
