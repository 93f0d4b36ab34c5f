"""What the engine answers: acts to be committed by the rooms, each with the record that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from router.messages import JsonObject


class Act(StrEnum):
    """What was done; `blocked` and `memory_cleared` only explain, the others change rows.

    `away` sets the presence of a person who left too many offers unanswered. `memory_cleared` empties the
    list of people not asked again for an item.
    """

    QUEUED = "queued"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    RESCINDED = "rescinded"
    BLOCKED = "blocked"
    MEMORY_CLEARED = "memory_cleared"
    PUT_BACK = "put_back"
    WITHDRAWN = "withdrawn"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade:
    """An item reserved for a person until `expires_at`."""

    offer_id: str
    item_id: str
    agent_id: str
    offered_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One act. `item_id` and `conversation_id` are empty for acts about a person only (`away`).

    `offer` is the offer made, or the one that ended. `record` is JSON, complete in itself, and what
    `words.say` reads.
    """

    act: Act
    at: datetime
    item_id: str
    conversation_id: str
    agent_id: str | None
    offer: OfferMade | None
    record: JsonObject
