"""What the engine answers: acts to be committed by the rooms, each with the record that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from router.messages import JsonObject


class Act(StrEnum):
    """What was done; `blocked` only explains, the others change rows or tell somebody.

    `away` sets the presence of a person who left too many offers unanswered. `memory_cleared` empties the
    list of people not asked again for an item. `cancelled` and `failed` end an offer that was being set up.
    `put_back` by the engine itself has the reason `silent` or `absent`; the item waits again at once.
    `need_dropped` gives up needs that waited long enough, or that nobody on shift could serve;
    `need_restored` asks for them again because that reason is gone. `moved` is
    an item that overflow took to another queue. `wrapping` is work that is solved and still takes room; `completed`
    follows when that is over. `nudged` and `escalated` are steps of the lease. `dormant`
    and `woken` say who is waited for. `clock` is a promise that began, stopped, went on, was kept or ended,
    `promise_due` one that reached 50, 75 or 100 per cent. `overflow`, `incident` and `reachability` are
    about a queue, an incident, and work nobody on shift can do.
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
    WRAPPING = "wrapping"
    AWAY = "away"
    ACCEPTING = "accepting"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REPRIORITISED = "reprioritised"
    NEED_DROPPED = "need_dropped"
    NEED_RESTORED = "need_restored"
    MOVED = "moved"
    NUDGED = "nudged"
    ESCALATED = "escalated"
    DORMANT = "dormant"
    WOKEN = "woken"
    CLOCK = "clock"
    PROMISE_DUE = "promise_due"
    OVERFLOW = "overflow"
    INCIDENT = "incident"
    REACHABILITY = "reachability"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade:
    """An item reserved for a person until `expires_at`; `is_accepting` while it is being set up for him."""

    offer_id: str
    item_id: str
    agent_id: str
    offered_at: datetime
    expires_at: datetime
    is_accepting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One act; what stands in it by default is that of an act about no item (`away`, `overflow`, `incident`).

    `offer` is the offer made, or the one that ended. `record` is JSON, complete in itself, and what
    `words.say` reads.
    """

    act: Act
    at: datetime
    record: JsonObject
    item_id: str = ""
    conversation_id: str = ""
    agent_id: str | None = None
    offer: OfferMade | None = None

    @property
    def repeats(self) -> bool:
        """Say whether an engine that is told of live work and incidents after a start decides this anew.

        An earlier run has recorded it already, unless it never saw the item.
        """
        by_incident = self.act is Act.OVERFLOW and bool(self.record.get("incident"))
        return self.act in _REPEATED or by_incident


_REPEATED = frozenset({Act.QUEUED, Act.BLOCKED, Act.CLOCK, Act.NEED_DROPPED, Act.NEED_RESTORED, Act.INCIDENT})
