"""A phone call as facts: what a channel tells of it, once or many times, early or late.

In: what one source saw (a record, a status post, a line event). Out: a frozen `Call`; the core merges all
that name the same `key`, or link to it, into one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class CallDirection(StrEnum):
    """Who called."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class CallState(StrEnum):
    """How far a call has come; it only moves forward, in this order."""

    RINGING = "ringing"
    QUEUED = "queued"
    TALKING = "talking"
    ENDED = "ended"


class CallOutcome(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    MISSED = "missed"
    ABANDONED = "abandoned"
    BUSY = "busy"
    FAILED = "failed"
    VOICEMAIL = "voicemail"
    REJECTED = "rejected"


class NumberKind(StrEnum):
    """Whether the customer's number is one that can be called back."""

    PUBLIC = "public"
    EMERGENCY = "emergency"
    ANONYMOUS = "anonymous"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Where a recording lies; it is fetched only when somebody who may asks for it."""

    ref: str
    url: str = ""
    duration_s: float | None = None
    consent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """By which fact a field of a merged leg was told, if not by the latest."""

    field: str
    version: int
    state: CallState


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one source knows of one call; what it does not know stays None or empty.

    `key` is the source's id of this leg, `linked_keys` those of legs of the same call. `version` orders the
    facts of one source (a sequence number, else 0): of two facts that disagree the higher one holds.
    `customer_raw` is the number exactly as written, `customer_e164` the same in E.164 where it can be known;
    `extension` is what has to be dialled behind it. `manual` marks what a person entered; it merges with a
    later record of the same number within two minutes, which wins where both know something. `reason`,
    `result`, `note` and `promise_until` (what the customer was promised by when) are what that person knows.

    `legs` and `told` are made by merging and left empty by sources: the legs of a call that has several, and
    which fields of a leg come from an earlier fact than its latest.
    """

    key: str
    source: str
    direction: CallDirection
    customer_raw: str = ""
    customer_e164: str = ""
    extension: str = ""
    number_kind: NumberKind = NumberKind.PUBLIC
    linked_keys: Sequence[str] = ()
    dialled: str = ""
    queue: str = ""
    agent: str = ""
    offered_to: Sequence[str] = ()
    state: CallState = CallState.ENDED
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ring_s: float | None = None
    talk_s: float | None = None
    outcome: CallOutcome | None = None
    cause: str = ""
    recordings: Sequence[Recording] = ()
    order_hints: Sequence[str] = ()
    version: int = 0
    manual: bool = False
    attempt_ref: str = ""
    reason: str = ""
    result: str = ""
    note: str = ""
    promise_until: datetime | None = None
    legs: Sequence[Call] = ()
    told: Sequence[Told] = ()


MANUAL_WINDOW = timedelta(minutes=2)
"""How far the start of an entry by hand may lie from that of the record it stands for."""

_STATES = tuple(CallState)
# from the weakest to the strongest: what the best leg came to, the call came to
_OUTCOMES = (
    CallOutcome.FAILED,
    CallOutcome.REJECTED,
    CallOutcome.BUSY,
    CallOutcome.MISSED,
    CallOutcome.ABANDONED,
    CallOutcome.VOICEMAIL,
    CallOutcome.ANSWERED,
)
_NUMBER = ("customer_raw", "customer_e164", "extension", "number_kind")
_TIMES = ("started_at", "answered_at", "ended_at", "ring_s", "talk_s")
_BY_HAND = ("reason", "result", "note", "promise_until")
_PLACES = ("source", "direction", "dialled", "queue", "agent", "cause", "attempt_ref")
_RANKED = (*_PLACES, *_NUMBER, *_TIMES, "outcome", *_BY_HAND)


def merge_calls(known: Call, fact: Call) -> Call:
    """Merge two facts of the same call into what both know.

    The order in which facts come, and how often, makes no difference. Facts of one leg (`key`): of two that
    disagree the higher version holds, then the later state; what one does not know the other tells. Legs
    then join: the call came to what its best leg came to. The state only moves forward.
    """
    legs: dict[str, Call] = {}
    for leg in (*(known.legs or (known,)), *(fact.legs or (fact,))):
        legs[leg.key] = _same_leg(legs[leg.key], leg) if leg.key in legs else _same_leg(leg, leg)
    return _joined(sorted(legs.values(), key=_standing))


def is_same_call(known: Call, fact: Call) -> bool:
    """Say whether two facts of one account are of the same call, by key or as an entry by hand."""
    if keys_of(known) & keys_of(fact):
        return True
    by_hand = known.manual != fact.manual
    if not by_hand or known.started_at is None or fact.started_at is None:
        return False
    same_number = bool(number_of(known)) and number_of(known) == number_of(fact)
    return (
        same_number
        and known.direction is fact.direction
        and abs(known.started_at - fact.started_at) <= MANUAL_WINDOW
    )


def keys_of(call: Call) -> frozenset[str]:
    """Give every key the call is known by."""
    return frozenset({call.key, *call.linked_keys})


def number_of(call: Call) -> str:
    """Give the customer's number in the form numbers are compared in, empty when there is none to compare."""
    if call.number_kind is NumberKind.ANONYMOUS:
        return ""
    number = call.customer_e164 or "".join(one for one in call.customer_raw if one.isalnum() or one == "+")
    return f"{number};{call.extension}" if number and call.extension else number


# --- the facts of one leg ---------------------------------------------------------------------------


def _same_leg(one: Call, other: Call) -> Call:
    """Merge two facts of a leg, field by field."""
    version = max(one.version, other.version)
    state = max(one.state, other.state, key=_STATES.index)
    values: dict[str, Any] = {}
    told = []
    for name in _RANKED:
        known = [fact for fact in (one, other) if _knows(fact, name)]
        if known:
            best = max(known, key=lambda fact: (*_rank(fact, name), _order(getattr(fact, name))))
            values[name] = getattr(best, name)
            by_version, by_state = _rank(best, name)
            if (by_version, by_state) != (version, _STATES.index(state)):
                told.append(Told(field=name, version=by_version, state=_STATES[by_state]))
    return replace(
        one,
        version=version,
        state=state,
        manual=one.manual and other.manual,
        legs=(),
        told=tuple(told),
        **_united((one, other)),
        **values,
    )


def _rank(fact: Call, name: str) -> tuple[int, int]:
    """Give what a field's word weighs: the version and state of the fact that told it."""
    for told in fact.told:
        if told.field == name:
            return told.version, _STATES.index(told.state)
    return fact.version, _STATES.index(fact.state)


def _knows(fact: Call, name: str) -> bool:
    if name == "number_kind":
        return fact.number_kind is not NumberKind.PUBLIC or bool(number_of(fact))
    return getattr(fact, name) not in (None, "")


def _order(value: Any) -> Any:
    """Order two values of which neither is told with more weight, so that it matters not which came first."""
    return _OUTCOMES.index(value) if isinstance(value, CallOutcome) else value


# --- the legs of one call ---------------------------------------------------------------------------


def _joined(legs: Sequence[Call]) -> Call:
    """Make one call of its legs, of which the first knows best."""
    if len(legs) == 1:
        return legs[0]
    values: dict[str, Any] = {}
    for name in _RANKED:
        teller = next((leg for leg in legs if _knows(leg, name)), legs[0])
        values[name] = getattr(teller, name)
    records = [leg for leg in legs if not leg.manual] or legs
    outcome, agent = _ended_as(records)
    if outcome is not None:
        values |= {"outcome": outcome, "agent": agent or values["agent"]}
    for name, choose in (
        ("started_at", min),
        ("answered_at", min),
        ("ended_at", max),
        ("ring_s", max),
        ("talk_s", max),
    ):
        known = [value for leg in records if (value := getattr(leg, name)) is not None]
        values |= {name: choose(known)} if known else {}
    return replace(
        legs[0],
        version=max(leg.version for leg in legs),
        state=max((leg.state for leg in legs), key=_STATES.index),
        manual=all(leg.manual for leg in legs),
        legs=tuple(sorted(legs, key=lambda leg: leg.key)),
        told=(),
        **_united(legs),
        **values,
    )


def _standing(leg: Call) -> tuple[bool, bool, bool, float, str]:
    """Order legs: records before entries by hand, the customer's before internal ones, the first one first."""
    start = leg.started_at
    is_internal = leg.direction is CallDirection.INTERNAL
    return leg.manual, is_internal, start is None, start.timestamp() if start else 0.0, leg.key


def _ended_as(legs: Sequence[Call]) -> tuple[CallOutcome | None, str]:
    """Give the best outcome of the legs, and who had that one."""
    ended = [leg for leg in legs if leg.outcome is not None]
    if not ended:
        return None, ""
    best = max(ended, key=lambda leg: _order(leg.outcome))
    return best.outcome, next((leg.agent for leg in ended if leg.outcome is best.outcome and leg.agent), "")


def _united(facts: Sequence[Call]) -> dict[str, Any]:
    """Unite what calls may have several of."""
    recordings: dict[str, Recording] = {}
    for fact in facts:
        for recording in fact.recordings:
            other = recordings.get(recording.ref, recording)
            recordings[recording.ref] = _same_recording(other, recording)
    keys = {key for fact in facts for key in (fact.key, *fact.linked_keys)}
    return {
        "linked_keys": tuple(sorted(keys - {facts[0].key})),
        "offered_to": tuple(sorted({agent for fact in facts for agent in fact.offered_to})),
        "order_hints": tuple(sorted({hint for fact in facts for hint in fact.order_hints})),
        "recordings": tuple(recordings[ref] for ref in sorted(recordings)),
    }


def _same_recording(one: Recording, other: Recording) -> Recording:
    """Merge what is known of a recording; a refused consent stands."""
    lengths = [each.duration_s for each in (one, other) if each.duration_s is not None]
    consents = [each.consent for each in (one, other) if each.consent is not None]
    return Recording(
        ref=one.ref,
        url=max(one.url, other.url),
        duration_s=max(lengths, default=None),
        consent=all(consents) if consents else None,
    )
