"""Which types of lines an event list may have, and the keys of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from router.engine.events import (
    AgentRestored,
    ClaimRestored,
    ClockRestored,
    OfferRestored,
    OverflowRestored,
    WrapUpRestored,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineType:
    """The keys a type of line may have, and those that must name something."""

    keys: frozenset[str]
    needed: tuple[str, ...]


FREE_KEYS = frozenset({"at", "type", "note", "comment", "expect"})
"""Keys every line may have; the last three are for people and change nothing."""

_CLASS = "channel_class class channel"
_ITEM = (
    f"conversation queue facts needs customer {_CLASS} boost boost_s due_at lead lead_s max_advance"
    " max_advance_s eligible_since entered_queue_at arrival sla preferred_agent offers_made declined"
    " declined_at"
)
_PERSON = "skills expires units max_claims queues"


def _type(needed: str, more: str = "") -> LineType:
    must = tuple(needed.split())
    # Written with a space in the description of the format.
    others = {"channel class", "channel-class"} if "channel_class" in more else set()
    return LineType(keys=frozenset({*must, *more.split(), *others}), needed=must)


def _restored(kind: type[Any]) -> LineType:
    """Let a line tell what an earlier run of the engine knew, with every field of the event."""
    keys = frozenset(field.name.removesuffix("_id") for field in fields(kind))
    needed = tuple(key for key in ("offer", "item", "agent", "queue") if key in keys)
    return LineType(keys=keys, needed=needed)


LINE_TYPES: Mapping[str, LineType] = {
    "item_enqueued": _type("item", _ITEM),
    "item_changed": _type("item", f"{_ITEM} reason"),
    "item_withdrawn": _type("item", "reason"),
    "agent_skills": _type("agent", _PERSON),
    "agent_removed": _type("agent"),
    "presence": _type("agent state", "classes reason"),
    "absence": _type("agent", "since until"),
    "offer_answer": _type("", "agent item offer answer accept reject reason"),
    "offer_accepting": _type("", "agent item offer"),
    "offer_failed": _type("", "agent item offer reason"),
    "claim_taken": _type("item agent"),
    "claim_ended": _type("item outcome", "agent"),
    "wrap_up_done": _type("item"),
    "reply": _type("item", "agent"),
    "customer_message": _type("item"),
    "pause": _type("item", "reason"),
    "thaw": _type("item"),
    "incident_started": _type("name", "until"),
    "incident_ended": _type("name"),
    "tick": _type(""),
    "resolve": _type("item", "agent reason"),
    "put_back": _type("item", "agent reason"),
    "transfer": _type("item to", "agent reason"),
    "offer_restored": _restored(OfferRestored),
    "claim_restored": _restored(ClaimRestored),
    "wrap_up_restored": _restored(WrapUpRestored),
    "overflow_restored": _restored(OverflowRestored),
    "clock_restored": _restored(ClockRestored),
    "agent_restored": _restored(AgentRestored),
}
