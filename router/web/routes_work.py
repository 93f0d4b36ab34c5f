"""Calls that move work: offers, claims, and the acts only the holder of a claim may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue

from router.model.desk import Conversation, Offer, QueueCounters, WrapUp
from router.storage.views.conversations import read_conversation
from router.storage.views.routing import count_queues, list_offers, list_wrap_ups, require_offer
from router.web.asking import reading, require_visible
from router.web.auth import Caller
from router.web.binder import Body, Call, Line, Name, whole
from router.web.problems import FieldError, Problem
from router.web.services import Services

Token = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(whole)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferList:
    """One's open offers, and one's after-call work."""

    offers: Sequence[Offer]
    wrap_ups: Sequence[WrapUp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The conversation of an accepted offer."""

    conversation: Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueList:
    """All queues with their counters."""

    queues: Sequence[QueueCounters]


def _names(target: str) -> dict[str, JsonValue]:
    """Describe a body that names one target."""
    return {"required": [target], "properties": {target: {"type": "string"}}}


class Reject(Body):
    """Why the offer is declined."""

    reason: Line = ""


class Failed(Body):
    """Why the offer could not be set up."""

    reason: Line = ""


class PutBack(Body):
    """The claim's fencing token and a note for the next agent."""

    token: Token
    note: Line = ""


class Transfer(Body):
    """The claim's fencing token, where to (a queue's name or an agent's id) and a note on what is open."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_names("queue"), _names("agent")]})

    token: Token
    queue: Name | None = None
    agent: Name | None = None
    note: Line


class Resolve(Body):
    """The claim's fencing token and the reason the episode ends."""

    token: Token
    reason: Line = ""


class WorkCalls:
    """Calls that move work."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._offers = services.offers

    def calls(self) -> list[Call]:
        """List the calls."""
        offer, one = "/offers/{offer_id}", "/conversations/{conversation_id}"
        expired, stale = ("offer_expired", "capacity_exceeded"), ("stale_version",)
        return [
            Call(method="GET", path="/me/offers", action=self.list_offers),
            Call(method="POST", path=f"{offer}/accept", action=self.accept_offer, raises=expired),
            Call(
                method="POST", path=f"{offer}/accepting", action=self.set_up_offer, status=204, raises=expired
            ),
            Call(method="POST", path=f"{offer}/failed", action=self.fail_offer, status=204, raises=expired),
            Call(method="POST", path=f"{offer}/reject", action=self.reject_offer, status=204, raises=expired),
            Call(
                method="POST",
                path=f"{one}/claim",
                action=self.claim,
                raises=("forbidden", "capacity_exceeded", *stale),
            ),
            Call(method="POST", path=f"{one}/put-back", action=self.put_back, raises=stale),
            Call(method="POST", path=f"{one}/transfer", action=self.transfer, raises=("forbidden", *stale)),
            Call(method="POST", path=f"{one}/resolve", action=self.resolve, raises=stale),
            Call(method="POST", path=f"{one}/wrapped-up", action=self.wrapped_up, status=204),
            Call(method="GET", path="/queues", action=self.list_queues),
        ]

    async def list_offers(self, caller: Caller) -> OfferList:
        """List one's open offers and after-call work, what ends first at the head."""
        async with reading(self._services, caller) as (conn, scope):
            return OfferList(
                offers=await list_offers(conn, scope, self._services.clock.now()),
                wrap_ups=await list_wrap_ups(conn, scope),
            )

    async def accept_offer(self, caller: Caller, offer_id: str) -> Accepted:
        """Accept an offer: the conversation is one's own from now on."""
        await self._require_own_offer(caller, offer_id)
        conversation_id = await self._offers.accept(offer_id, caller.agent_id)
        return Accepted(conversation=await self._read(caller, conversation_id))

    async def set_up_offer(self, caller: Caller, offer_id: str) -> None:
        """Take an offer whose set-up takes a while (a call that is put through); accept it once that is done."""
        await self._require_own_offer(caller, offer_id)
        await self._offers.set_up(offer_id, caller.agent_id)

    async def fail_offer(self, caller: Caller, offer_id: str, body: Failed) -> None:
        """Say that setting an offer up failed: the item waits again, and nobody is blamed."""
        await self._require_own_offer(caller, offer_id)
        await self._offers.fail(offer_id, caller.agent_id, body.reason)

    async def reject_offer(self, caller: Caller, offer_id: str, body: Reject) -> None:
        """Decline an offer: one is not asked again for this item."""
        await self._require_own_offer(caller, offer_id)
        await self._offers.reject(offer_id, caller.agent_id, body.reason)

    async def claim(self, caller: Caller, conversation_id: str) -> Conversation:
        """Take a waiting item of a queue one serves; supervisors take any."""
        await require_visible(self._services, caller, conversation_id)
        await self._offers.claim(conversation_id, caller.agent_id)
        return await self._read(caller, conversation_id)

    async def put_back(self, caller: Caller, conversation_id: str, body: PutBack) -> Conversation:
        """Put an item back to waiting with its age."""
        await require_visible(self._services, caller, conversation_id)
        await self._offers.put_back(conversation_id, caller.agent_id, body.token, body.note)
        return await self._read(caller, conversation_id)

    async def transfer(self, caller: Caller, conversation_id: str, body: Transfer) -> Conversation:
        """Hand over to a queue, or to an agent who serves the queue; supervisors hand over to anybody."""
        if (body.queue is None) == (body.agent is None):
            wrong = FieldError(at="queue", message="give either a queue or an agent")
            raise Problem(400, "bad_request", "Say where to: a queue or an agent.", errors=[wrong])
        await require_visible(self._services, caller, conversation_id)
        await self._offers.transfer(
            conversation_id,
            caller.agent_id,
            body.token,
            queue=body.queue,
            to_agent_id=body.agent,
            note=body.note,
        )
        return await self._read(caller, conversation_id)

    async def resolve(self, caller: Caller, conversation_id: str, body: Resolve) -> Conversation:
        """End the episode."""
        await require_visible(self._services, caller, conversation_id)
        await self._offers.resolve(conversation_id, caller.agent_id, body.token, body.reason)
        return await self._read(caller, conversation_id)

    async def wrapped_up(self, caller: Caller, conversation_id: str) -> None:
        """Be done with one's after-call work on a conversation before its time."""
        await require_visible(self._services, caller, conversation_id)
        await self._offers.wrapped_up(conversation_id, caller.agent_id)

    async def list_queues(self, caller: Caller) -> QueueList:
        """List the queues with their counters."""
        async with self._services.store.reading() as conn:
            return QueueList(queues=await count_queues(conn))

    async def _require_own_offer(self, caller: Caller, offer_id: str) -> None:
        async with reading(self._services, caller) as (conn, scope):
            await require_offer(conn, scope, offer_id)

    async def _read(self, caller: Caller, conversation_id: str) -> Conversation:
        async with reading(self._services, caller) as (conn, scope):
            return await read_conversation(conn, scope, conversation_id)
