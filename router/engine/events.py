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
    transfers. `offers_made`, `declined` (agent id to reason) and `declined_at` (the last refusal) carry
    what an earlier run of the engine knew; fresh items leave them alone.
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
    arrival: int
    offers_made: int = 0
    declined: Mapping[str, str] = field(default_factory=dict)
    declined_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQueued:
    """An item wants a person: it is new, came back, or is told again after a restart."""

    at: datetime
    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWithdrawn:
    """An item wants nobody any more (resolved, merged, spam)."""

    at: datetime
    item_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged:
    """A person's skills (with levels) and the number of claims at once are now these."""

    at: datetime
    agent_id: str
    skills: Mapping[str, int]
    max_claims: int


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
class OfferAccepted:
    """The person took the offer: it is a claim now."""

    at: datetime
    offer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRejected:
    """The person refused the offer and is not asked again for this item."""

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
class ClockTick:
    """Nothing but time has passed."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRestored:
    """An offer of an earlier run is still open; its item was queued before."""

    at: datetime
    offer_id: str
    item_id: str
    agent_id: str
    offered_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRestored:
    """A claim of an earlier run is still active; its item was queued before."""

    at: datetime
    item_id: str
    agent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRestored:
    """A person as an earlier run left him: nothing is offered before the next event of another kind.

    `last_offer_at` is when something was last offered, `unanswered` how many offers ran out in a row.
    """

    at: datetime
    agent_id: str
    skills: Mapping[str, int]
    max_claims: int
    state: PresenceState
    classes: frozenset[str] | None = None
    last_offer_at: datetime | None = None
    unanswered: int = 0


Event = (
    ItemQueued
    | ItemWithdrawn
    | AgentChanged
    | AgentRemoved
    | PresenceChanged
    | OfferAccepted
    | OfferRejected
    | ClaimTaken
    | ClaimEnded
    | ClockTick
    | OfferRestored
    | ClaimRestored
    | AgentRestored
)
