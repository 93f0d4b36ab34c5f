"""What the web side needs of the rooms that give out work: offers, steering, the rules in force, rerouting.

In: an agent's or a supervisor's wish. Out: what came of it, or a `RoutingError` where it cannot be had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from router.engine.config import EngineConfig
from router.engine.rules.stage import RulesInForce
from router.messages import JsonObject
from router.model.desk import IncidentPreview, Rerouting
from router.model.presence import PresenceState


class Offers(Protocol):
    """Who works on what. Acts on a claim take its fencing token and raise StaleVersion without it."""

    async def accept(self, offer_id: str, agent_id: str) -> str:
        """Take an offer; gives the conversation's id. Raises OfferExpired, NotFound."""
        ...

    async def reject(self, offer_id: str, agent_id: str, reason: str) -> None:
        """Decline an offer. Raises OfferExpired, NotFound."""
        ...

    async def set_up(self, offer_id: str, agent_id: str) -> None:
        """Hold an offer while it is being set up. Raises OfferExpired, NotFound."""
        ...

    async def fail(self, offer_id: str, agent_id: str, reason: str) -> None:
        """Give up setting an offer up. Raises OfferExpired, NotFound."""
        ...

    async def claim(self, conversation_id: str, agent_id: str) -> None:
        """Take a waiting item without an offer. Raises StaleVersion if somebody has it, NotPermitted."""
        ...

    async def put_back(self, conversation_id: str, agent_id: str, token: int, note: str) -> None:
        """Put an item back to waiting with its age."""
        ...

    async def transfer(
        self,
        conversation_id: str,
        agent_id: str,
        token: int,
        *,
        queue: str | None,
        to_agent_id: str | None,
        note: str,
    ) -> None:
        """Hand an item over to a queue or an agent. Raises NotPermitted for one who does not serve its queue."""
        ...

    async def resolve(self, conversation_id: str, agent_id: str, token: int, reason: str) -> None:
        """End the episode."""
        ...

    async def wrapped_up(self, conversation_id: str, agent_id: str) -> None:
        """End after-call work before its time. Raises NotFound where there is none."""
        ...

    async def set_presence(
        self, agent_id: str, state: PresenceState, reason: str, classes: Sequence[str] | None
    ) -> None:
        """Record whether an agent takes work. Raises RoutingError for a channel class there is not."""
        ...

    async def explain(self, conversation_id: str) -> JsonObject | None:
        """Compute the decision on a waiting item now; None for one that does not wait."""
        ...


class Steering(Protocol):
    """What supervisors change while the router runs, and what people announce."""

    @property
    def engine_config(self) -> EngineConfig:
        """Give what the rules in force tell the engine: incidents, and what work weighs."""
        ...

    async def plan_absence(
        self, agent_id: str, since: datetime, until: datetime | None, reason: str, *, planned_by: str
    ) -> None:
        """Announce that an agent will be gone. Raises RoutingError, NotFound."""
        ...

    async def cancel_absence(self, agent_id: str) -> None:
        """Take an announced absence back. Raises NotFound."""
        ...

    async def preview_incident(self, name: str, until: datetime | None) -> IncidentPreview:
        """Say what an incident would change now. Raises NotFound, RoutingError."""
        ...

    async def start_incident(self, name: str, until: datetime | None, *, started_by: str) -> None:
        """Switch an incident on. Raises NotFound, RoutingError."""
        ...

    async def end_incident(self, name: str) -> None:
        """Switch an incident off. Raises NotFound."""
        ...

    async def prioritise(self, conversation_id: str, boost_s: int, reason: str, *, agent_id: str) -> None:
        """Let an item count as older. Raises NotFound."""
        ...

    async def pause(self, conversation_id: str, reason: str, *, agent_id: str) -> None:
        """Declare that a resolution waits for something outside. Raises NotFound, StaleVersion."""
        ...

    async def thaw(self, conversation_id: str, *, agent_id: str) -> None:
        """Declare the pause over. Raises NotFound, StaleVersion."""
        ...


class Rulebook(Protocol):
    """The rules in force."""

    @property
    def rules(self) -> RulesInForce:
        """Give them, compiled."""
        ...

    @property
    def failures(self) -> Mapping[tuple[int, str], int]:
        """Give how often each rule failed since the start, by version and name."""
        ...


class Reroutes(Protocol):
    """Routing waiting work anew. Both raise NotFound, and StaleVersion when somebody has the work."""

    async def preview(self, conversation_id: str) -> Rerouting:
        """Say what the rules in force would change."""
        ...

    async def reroute(self, conversation_id: str, *, agent_id: str) -> Rerouting:
        """Route by the rules in force; the work keeps its age."""
        ...
