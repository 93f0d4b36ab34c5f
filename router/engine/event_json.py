"""Events as JSON objects, for the event log, event lists and replay; `at` and `type` come first.

`item_enqueued`, `presence`, `agent_skills`, `offer_answer` and `tick` are written by hand as well; the other
types exist so that a log can be replayed exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec

from router.engine.events import (
    AbsencePlanned,
    AgentChanged,
    AgentRemoved,
    AgentRestored,
    ClaimEnded,
    ClaimRestored,
    ClaimTaken,
    ClockRestored,
    ClockTick,
    CustomerWrote,
    Event,
    IncidentEnded,
    IncidentStarted,
    Item,
    ItemChanged,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    ItemWithdrawn,
    OfferAccepted,
    OfferAccepting,
    OfferFailed,
    OfferRejected,
    OfferRestored,
    OverflowRestored,
    PresenceChanged,
    Replied,
    WrapUpDone,
    WrapUpRestored,
)
from router.engine.needs import needs_from_json, needs_to_json
from router.engine.times import from_iso, to_iso
from router.errors import ConfigError
from router.messages import JsonObject, JsonValue

_TYPES: Mapping[str, type[Event]] = {
    "item_withdrawn": ItemWithdrawn,
    "agent_skills": AgentChanged,
    "agent_removed": AgentRemoved,
    "presence": PresenceChanged,
    "absence": AbsencePlanned,
    "offer_accepting": OfferAccepting,
    "offer_failed": OfferFailed,
    "claim_taken": ClaimTaken,
    "claim_ended": ClaimEnded,
    "wrap_up_done": WrapUpDone,
    "reply": Replied,
    "customer_message": CustomerWrote,
    "pause": ItemPaused,
    "thaw": ItemThawed,
    "incident_started": IncidentStarted,
    "incident_ended": IncidentEnded,
    "tick": ClockTick,
    "offer_restored": OfferRestored,
    "claim_restored": ClaimRestored,
    "wrap_up_restored": WrapUpRestored,
    "overflow_restored": OverflowRestored,
    "clock_restored": ClockRestored,
    "agent_restored": AgentRestored,
}
Found = TypeVar("Found")

_WORDS = {
    "item_id": "item",
    "agent_id": "agent",
    "offer_id": "offer",
    "conversation_id": "conversation",
    "preferred_agent_id": "preferred_agent",
}
_FIELDS = {word: field for field, word in _WORDS.items()}
_ANSWERS: Mapping[str, type[OfferAccepted | OfferRejected]] = {
    "accept": OfferAccepted,
    "reject": OfferRejected,
}


def to_json(event: Event) -> JsonObject:
    """Write an event."""
    start: JsonObject = {"at": to_iso(event.at)}
    if isinstance(event, ItemQueued):
        told_again = {"is_restored": True} if event.is_restored else {}
        return {**start, "type": "item_enqueued", **told_again, **_item_to_json(event.item)}
    if isinstance(event, ItemChanged):
        return {**start, "type": "item_changed", "reason": event.reason, **_item_to_json(event.item)}
    fields = {
        _WORDS.get(name, name): value
        for name, value in msgspec.to_builtins(event, order="deterministic").items()
    }
    if isinstance(event, OfferAccepted | OfferRejected):
        answer = "accept" if isinstance(event, OfferAccepted) else "reject"
        return {**fields, **start, "type": "offer_answer", "answer": answer}
    name = next(name for name, kind in _TYPES.items() if isinstance(event, kind))
    return {**start, "type": name, **{key: value for key, value in fields.items() if key != "at"}}


def from_json(entry: JsonObject) -> Event:
    """Read an event; raises ConfigError naming the field. Fields it does not know are left alone."""
    at, kind = entry.get("at"), entry.get("type")
    if not isinstance(at, str):
        raise ConfigError("an event needs a time.", path="at", hint="Write it as 2026-01-05T09:00:00Z.")
    from_iso(at)
    if kind == "item_enqueued":
        is_restored = entry.get("is_restored") is True
        return ItemQueued(at=from_iso(at), item=_item_from_json(entry, at), is_restored=is_restored)
    if kind == "item_changed":
        reason = str(entry.get("reason") or "")
        return ItemChanged(at=from_iso(at), item=_item_from_json(entry, at), reason=reason)
    if kind == "offer_answer":
        answer = _ANSWERS.get(str(entry.get("answer")))
        if answer is None:
            raise ConfigError("an answer is accept or reject.", path="answer")
        return _read(answer, _named(entry))
    if not isinstance(kind, str) or kind not in _TYPES:
        known = ", ".join(sorted([*_TYPES, "item_changed", "item_enqueued", "offer_answer"]))
        raise ConfigError(f"{kind!r} is no type of event.", path="type", hint=f"Use one of {known}.")
    return _read(_TYPES[kind], _named(entry))


def _item_to_json(item: Item) -> JsonObject:
    fields: dict[str, JsonValue] = msgspec.to_builtins(item, order="deterministic")
    fields["needs"] = needs_to_json(item.needs)
    return {"item": fields.pop("id"), "conversation": fields.pop("conversation_id"), **fields}


def _item_from_json(entry: JsonObject, at: str) -> Item:
    if not isinstance(entry.get("item"), str):
        raise ConfigError("an item needs an id.", path="item")
    fields = {"eligible_since": at, "arrival": 0, "conversation_id": entry.get("item"), **_named(entry)}
    fields["id"] = entry.get("item")
    fields.pop("needs", None)
    return replace(_read(Item, fields), needs=needs_from_json(entry.get("needs")))


def _named(entry: JsonObject) -> dict[str, JsonValue]:
    return {_FIELDS.get(word, word): value for word, value in entry.items()}


def _read(kind: type[Found], fields: Mapping[str, JsonValue]) -> Found:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        for field, word in _WORDS.items():
            message = message.replace(field, word)
        raise ConfigError(f"{message}.", path=str(fields.get("type", ""))) from None
