"""A desk that speaks to an engine in short sentences, for tests of single situations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from router.engine.config import EngineConfig, LeaseConfig
from router.engine.decisions import Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    ClockTick,
    Item,
    ItemQueued,
    OfferAccepted,
    PresenceChanged,
)
from router.engine.needs import needs_from_json
from router.model.presence import PresenceState
from router.strategy import Strategy

PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Desk:
    """Speaks to an engine in short sentences; every call is a second later."""

    def __init__(self, *, seed: int = 1, strategies: Sequence[Strategy] = (), **config: object) -> None:
        self.engine = Engine(EngineConfig(**config), seed, strategies)
        self.now = START

    def tell(self, kind: type, **fields: object) -> list[Decision]:
        self.now += timedelta(seconds=1)
        return self.engine.apply(kind(at=self.now, **fields))

    def agent(
        self,
        name: str,
        *,
        max_claims: int | None = 1,
        units: int = 100,
        state: str = "available",
        queues: frozenset[str] | None = None,
        **skills: int,
    ) -> list[Decision]:
        limits = {"units": units, "max_claims": max_claims, "queues": queues}
        decisions = self.tell(AgentChanged, agent_id=name, skills=skills, **limits)
        return decisions + self.be(name, state)

    def be(self, name: str, state: str, classes: frozenset[str] | None = None) -> list[Decision]:
        return self.tell(PresenceChanged, agent_id=name, state=PresenceState(state), classes=classes)

    def item(self, id: str, *needs: dict, since: datetime | None = None, **more: object) -> list[Decision]:
        fields: dict = {"queue": "q", "channel_class": "chat", "arrival": int(self.now.timestamp())} | more
        since = since or self.now
        item = Item(
            id=id, conversation_id=f"c-{id}", needs=needs_from_json(needs), eligible_since=since, **fields
        )
        return self.tell(ItemQueued, item=item)

    def accept(self, offer_id: str) -> list[Decision]:
        return self.tell(OfferAccepted, offer_id=offer_id)

    def end(self, item: str, agent: str, outcome: str = "completed") -> list[Decision]:
        return self.tell(ClaimEnded, item_id=item, agent_id=agent, outcome=ClaimOutcome(outcome))

    def tick(self, seconds: float) -> list[Decision]:
        self.now += timedelta(seconds=seconds)
        return self.engine.apply(ClockTick(at=self.now))

    def explain(self, item_id: str) -> dict:
        return dict(self.engine.explain(item_id, self.now))


def acts(decisions: list[Decision]) -> list[tuple[str, str, str | None]]:
    return [(decision.act.value, decision.item_id, decision.agent_id) for decision in decisions]
