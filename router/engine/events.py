"""What happens to the engine: every event is a fact with the time it happened.

An event that no longer applies (an offer already over, an item already queued) changes nothing, so that
events may be told twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from router.engine.needs import Need
from router.model.presence import PresenceState


class ClaimOutcome(StrEnum):
    """How a claim ended."""

    COMPLETED = "completed"
    HANDED_BACK = "handed_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One episode that wants a person, as triage left it.

    `arrival` breaks ties of the waiting key and never repeats. `eligible_since` survives put-backs and
    transfers; `entered_queue_at` (None: `eligible_since`) is when it came to this queue, from which the
    clocks of its needs run. `moved_from` is the queue from which overflow brought it here; it happens once.
    `sla` names the policies it is under, strictest per metric; a `due_at` given
    here stands beside theirs. `preferred_agent_id` is who should have it if he can. `offers_made`,
    `declined` (agent id to reason) and `declined_at` (the last refusal) carry what an earlier run of the
    engine knew; fresh items leave them alone.
    """

    id: str
    conversation_id: str
    queue: str
    channel_class: str
    needs: tuple[Need, ...] = ()
    boost_s: float = 0.0
    due_at: datetime | None = None
    lead_s: float = 0.0
    max_advance_s: float = 4 * 3600.0
    eligible_since: datetime
    entered_queue_at: datetime | None = None
    moved_from: str | None = None
    arrival: int
    sla: tuple[str, ...] = ()
    preferred_agent_id: str | None = None
    offers_made: int = 0
    declined: Mapping[str, str] = field(default_factory=dict)
    declined_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQueued:
    """An item wants a person: it is new, came back, or is told again after a restart (`is_restored`).

    One told again is where it was: overflow does not take it elsewhere.
    """

    at: datetime
    item: Item
    is_restored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWithdrawn:
    """An item wants nobody any more (resolved, merged, spam)."""

    at: datetime
    item_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChanged:
    """An item is to be treated as this one from now on; it keeps its age, its arrival and its refusals.

    For re-prioritising in place and for an explicit re-route under other rules.
    """

    at: datetime
    item: Item
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged:
    """What a person can do and carry is now this.

    `skills` have levels 0 to 5; those in `expires` are lost at that time. `units` is the budget that work
    is weighed against, `max_claims` a cap on the number of items as well, `queues` the queues he may serve
    (None: all).
    """

    at: datetime
    agent_id: str
    skills: Mapping[str, int]
    expires: Mapping[str, datetime] = field(default_factory=dict)
    units: int = 100
    max_claims: int | None = None
    queues: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRemoved:
    """A person takes no more work at all; claims stay until they end."""

    at: datetime
    agent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanged:
    """A person's presence; `classes` are the channel classes taken, None means all."""

    at: datetime
    agent_id: str
    state: PresenceState
    classes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsencePlanned:
    """A person will be gone from `since` to `until` (None: until told otherwise); a new plan replaces it.

    At `since` his owed work is handed back in the order of its due times. A plan that ends before it
    begins, or is over already, takes the earlier one back.
    """

    at: datetime
    agent_id: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepting:
    """The person took the offer and it is being set up; ends in accepted, failed or cancelled."""

    at: datetime
    offer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFailed:
    """Setting up the accepted offer failed, through nobody's fault."""

    at: datetime
    offer_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted:
    """The person took the offer: it is a claim now."""

    at: datetime
    offer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRejected:
    """The person refused the offer and is not asked again for this item; `busy` is a reason of its own."""

    at: datetime
    offer_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTaken:
    """A person has the item without an offer: helped himself, or was handed it; limits do not apply."""

    at: datetime
    item_id: str
    agent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEnded:
    """A claim is over; what was handed back is queued again with its old `eligible_since`."""

    at: datetime
    item_id: str
    agent_id: str
    outcome: ClaimOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpDone:
    """A person is done with the after-call work of an item before its time."""

    at: datetime
    item_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """The customer has been answered, so that he is the one who is waited for."""

    at: datetime
    item_id: str
    agent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWrote:
    """The customer wrote again, so that a reply is owed."""

    at: datetime
    item_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPaused:
    """The resolution of an item waits for something outside, as declared; its clock stops."""

    at: datetime
    item_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemThawed:
    """The declared pause is over; the clock goes on with the time that was left."""

    at: datetime
    item_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStarted:
    """A declared incident of the rules begins; `until` None takes the length the rules give it."""

    at: datetime
    name: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEnded:
    """A declared incident is over."""

    at: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTick:
    """Nothing but time has passed."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRestored:
    """An offer of an earlier run is still open; its item was queued before.

    `expires_at` is that of the last decision about the offer: while it is being set up, the cap of that.
    """

    at: datetime
    offer_id: str
    item_id: str
    agent_id: str
    offered_at: datetime
    expires_at: datetime
    is_accepting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRestored:
    """A claim of an earlier run is still active; its item was queued before.

    `renewed_at` is since when a reply is owed, which starts its lease (None: now), `step` the last step of
    its ladder that was taken, `is_dormant` whether the customer is the one who is waited for. `claimed_at`
    and `replied_at` (None: not known) stand in the note of a later hand-over.
    """

    at: datetime
    item_id: str
    agent_id: str
    renewed_at: datetime | None = None
    step: str = ""
    is_dormant: bool = False
    claimed_at: datetime | None = None
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpRestored:
    """The after-call work of an earlier run lasts until `until`; its item is done and was not queued before."""

    at: datetime
    item_id: str
    agent_id: str
    conversation_id: str
    queue: str
    channel_class: str
    eligible_since: datetime
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowRestored:
    """The overflow of a queue was open, by its own length, when an earlier run ended."""

    at: datetime
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRestored:
    """A promise of an earlier run; its item was queued before. One for each metric.

    `due_at` while it runs, `remaining_s` (working seconds) while it is paused, neither once it stopped.
    `steps` are the per cents already told. `paused_by` is what it is paused for: `customer`, `declared`.
    """

    at: datetime
    item_id: str
    metric: str
    policy: str
    started_at: datetime
    target_s: float
    due_at: datetime | None = None
    remaining_s: float | None = None
    steps: tuple[int, ...] = ()
    paused_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRestored:
    """A person as an earlier run left him: nothing is offered before the next event of another kind.

    `last_offer_at` is when something was last offered, `unanswered` how many offers ran out in a row,
    `gone_at` since when he is away or offline (None: not known). `absent_since` and `absent_until` are the
    planned absence that is still to come or lasts. `available_since` begins his slow start, `rests_until`
    ends a cool-down. `offers` are the last ones made to him, when and of which queue, oldest first: what
    ramps and shares of queues count.
    """

    at: datetime
    agent_id: str
    skills: Mapping[str, int]
    expires: Mapping[str, datetime] = field(default_factory=dict)
    units: int = 100
    max_claims: int | None = None
    queues: frozenset[str] | None = None
    state: PresenceState
    classes: frozenset[str] | None = None
    last_offer_at: datetime | None = None
    unanswered: int = 0
    gone_at: datetime | None = None
    absent_since: datetime | None = None
    absent_until: datetime | None = None
    available_since: datetime | None = None
    rests_until: datetime | None = None
    rest_reason: str = ""
    offers: tuple[tuple[datetime, str], ...] = ()


Event = (
    ItemQueued
    | ItemChanged
    | ItemWithdrawn
    | AgentChanged
    | AgentRemoved
    | PresenceChanged
    | AbsencePlanned
    | OfferAccepting
    | OfferFailed
    | OfferAccepted
    | OfferRejected
    | ClaimTaken
    | ClaimEnded
    | WrapUpDone
    | Replied
    | CustomerWrote
    | ItemPaused
    | ItemThawed
    | IncidentStarted
    | IncidentEnded
    | ClockTick
    | OfferRestored
    | ClaimRestored
    | WrapUpRestored
    | OverflowRestored
    | ClockRestored
    | AgentRestored
)
