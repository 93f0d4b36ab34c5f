"""A desk that speaks to an engine in short sentences at exact seconds, for tests of offers and claims."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from router.engine.config import EngineConfig, LeaseConfig, OfferConfig
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AbsencePlanned,
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    ClockTick,
    CustomerWrote,
    Item,
    ItemQueued,
    OfferAccepted,
    OfferAccepting,
    OfferFailed,
    OfferRejected,
    PresenceChanged,
    Replied,
)
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
LEASE = LeaseConfig(nudge_s=100, supervisor_s=200, hand_back_s=300, absent_s=60)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def second(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - START).total_seconds()


class LeaseDesk:
    """Every call names the second of the day at which it happens; explaining records stay out of the log."""

    def __init__(self, *, lease: LeaseConfig = LEASE, **config: object) -> None:
        settings: dict = {"leases": {"chat": lease}, "offers": OfferConfig(ask_again_s=1000), **config}
        self.engine = Engine(EngineConfig(**settings), seed=1)
        self.last: list[Decision] = []

    def tell(self, when: float, kind: type, **fields: object) -> list[tuple]:
        self.last = self.engine.apply(kind(at=at(when), **fields))
        return acts(self.last)

    def person(self, when: float, name: str, state: str = "available", *, claims: int = 5) -> list[tuple]:
        known = self.tell(when, AgentChanged, agent_id=name, skills={}, max_claims=claims)
        return known + self.be(when, name, state)

    def be(self, when: float, name: str, state: str) -> list[tuple]:
        return self.tell(when, PresenceChanged, agent_id=name, state=PresenceState(state))

    def item(self, when: float, id: str, since: float | None = None, **more: object) -> list[tuple]:
        fields: dict = {"queue": "q", "channel_class": "chat", "arrival": int(when), **more}
        eligible_since = at(when if since is None else since)
        item = Item(id=id, conversation_id=f"c-{id}", eligible_since=eligible_since, **fields)
        return self.tell(when, ItemQueued, item=item)

    def held(self, when: float, id: str, name: str, **more: object) -> None:
        """Let a person have an item from this second on."""
        self.item(when, id, **more)
        self.tell(when, ClaimTaken, item_id=id, agent_id=name)

    def accepting(self, when: float, offer_id: str) -> list[tuple]:
        return self.tell(when, OfferAccepting, offer_id=offer_id)

    def accept(self, when: float, offer_id: str) -> list[tuple]:
        return self.tell(when, OfferAccepted, offer_id=offer_id)

    def reject(self, when: float, offer_id: str, reason: str = "") -> list[tuple]:
        return self.tell(when, OfferRejected, offer_id=offer_id, reason=reason)

    def fail(self, when: float, offer_id: str, reason: str = "") -> list[tuple]:
        return self.tell(when, OfferFailed, offer_id=offer_id, reason=reason)

    def reply(self, when: float, id: str) -> list[tuple]:
        return self.tell(when, Replied, item_id=id)

    def wrote(self, when: float, id: str) -> list[tuple]:
        return self.tell(when, CustomerWrote, item_id=id)

    def end(self, when: float, id: str, name: str, outcome: str = "completed") -> list[tuple]:
        return self.tell(when, ClaimEnded, item_id=id, agent_id=name, outcome=ClaimOutcome(outcome))

    def take(self, when: float, id: str, name: str) -> list[tuple]:
        return self.tell(when, ClaimTaken, item_id=id, agent_id=name)

    def plan(self, when: float, name: str, since: float, until: float | None = None) -> list[tuple]:
        end = None if until is None else at(until)
        return self.tell(when, AbsencePlanned, agent_id=name, since=at(since), until=end)

    def tick(self, when: float) -> list[tuple]:
        return self.tell(when, ClockTick)

    def due(self) -> float | None:
        return second(self.engine.next_due())

    def run(self, until: float) -> list[tuple]:
        """Let time pass as a timer would; give what happened by itself, with the second."""
        happened: list[tuple] = []
        due = self.due()
        while due is not None and due <= until:
            happened += [(due, *act) for act in self.tick(due)]
            due = self.due()
        return happened

    def explain(self, id: str, when: float) -> dict:
        return dict(self.engine.explain(id, at(when)))

    def record(self, act: str) -> dict:
        return next(dict(one.record) for one in self.last if one.act == act)


def acts(decisions: list[Decision]) -> list[tuple]:
    return [(one.act.value, one.item_id, one.agent_id) for one in decisions if one.act is not Act.BLOCKED]
