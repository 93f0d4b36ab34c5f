"""From live events to bytes on the wire: each shape is read and encoded once for all who may see it.

In come the numbered events of `router.live`, out go frames with the same numbers, ready to be written to
any number of streams.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from router.live import RING_SIZE, LiveEvent, Ring
from router.model.desk import Agent, Offer
from router.model.timeline import Message
from router.storage.views.messages import read_messages
from router.storage.views.people import read_agents
from router.storage.views.routing import read_offer
from router.storage.views.scope import Scope
from router.web.asking import channel_kinds
from router.web.services import Services

log = logging.getLogger(__name__)

BATCH = 500
HELD_BYTES = 64 * 1_048_576
# events that carry ids where desks are told shapes
_READ = frozenset({"message", "delivery", "presence", "offer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One event as it is written; `body` is empty for an event that came to nothing."""

    audience: str | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shapes:
    messages: Mapping[str, Message]
    agents: Mapping[str, Agent]
    offers: Mapping[str, Offer]


class Frames(Ring[Frame]):
    """The newest frames, at most 10,000 and at most 64 MB of them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._live = services.live
        self._held_bytes = 0
        super().__init__(RING_SIZE, first=services.live.last + 1)

    async def run(self) -> None:
        """Encode events as they come, in batches, until cancelled."""
        while True:
            await self._live.wait_past(self.last)
            if not self._live.holds_after(self.last):
                self._start_again()
                continue
            events = self._live.after(self.last, BATCH)
            self._keep(await self._encode(events))

    def mark(self, number: int) -> bytes:
        """Give the id line that lets a desk continue after `number`."""
        return f"id: {self._live.epoch}-{number}\n".encode()

    def _keep(self, frames: Sequence[Frame]) -> None:
        for _ in range(self.last - self.first + 1 + len(frames) - RING_SIZE):
            self._forget_oldest()
        self._held_bytes += sum(len(frame.body) for frame in frames)
        self.extend(frames)
        while self._held_bytes > HELD_BYTES and self.first < self.last:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        oldest = self.drop_oldest()
        self._held_bytes -= len(oldest.body) if oldest else 0

    def _start_again(self) -> None:
        """Skip what was published faster than it could be read: every follower has to load afresh."""
        log.warning("live events lost", extra={"behind": self._live.last - self.last})
        self.first = self._live.last + 1
        self.last = self._live.last
        self._held_bytes = 0

    async def _encode(self, events: Sequence[LiveEvent]) -> list[Frame]:
        first = self.last + 1
        try:
            shapes = await self._shapes(events)
            return [self._frame(number, event, shapes) for number, event in enumerate(events, first)]
        except Exception as error:
            # whatever it is, every desk must learn that it has missed something
            log.error("live events not encoded", extra={"cause": type(error).__name__})
            reset = Frame(audience=None, body=encode("reset", {}, self.mark(first)))
            return [reset, *(Frame(audience=None, body=b"") for _ in events[1:])]

    async def _shapes(self, events: Sequence[LiveEvent]) -> _Shapes:
        """Take what was just written, and read the rest; often there is no rest."""
        told = [_id(one, "message_id") for one in events if one.topic == "message"]
        written = {message_id: one for message_id in told if (one := self._live.take_written(message_id))}
        unread = [
            one
            for one in events
            if one.topic in _READ and (one.topic != "message" or _id(one, "message_id") not in written)
        ]
        if not unread:
            return _Shapes(messages=written, agents={}, offers={})
        async with self._services.store.reading() as conn:
            shapes = await self._read(conn, unread)
        return replace(shapes, messages={**written, **shapes.messages})

    async def _read(self, conn: AsyncConnection, events: Sequence[LiveEvent]) -> _Shapes:
        kinds = channel_kinds(self._services)
        everybody = Scope(agent_id="", sees_all_tokens=False, channel_of=kinds)
        messages = [_id(one, "message_id") for one in events if one.topic in ("message", "delivery")]
        agents = {_id(one, "agent_id") for one in events if one.topic == "presence"}
        offers: dict[str, Offer] = {}
        for one in events:
            if one.topic == "offer" and one.audience:
                scope = Scope(agent_id=one.audience, sees_all_tokens=False, channel_of=kinds)
                found = await read_offer(conn, scope, _id(one, "offer_id"))
                offers.update({found.id: found} if found else {})
        return _Shapes(
            messages=await read_messages(conn, everybody, messages) if messages else {},
            agents=await read_agents(conn, agents) if agents else {},
            offers=offers,
        )

    def _frame(self, number: int, event: LiveEvent, shapes: _Shapes) -> Frame:
        content = _content(event, shapes)
        body = b"" if content is None else encode(event.topic, content, self.mark(number))
        return Frame(audience=event.audience, body=body)


def encode(topic: str, content: object, mark: bytes = b"") -> bytes:
    """Give one event in the `text/event-stream` format."""
    return b"%bevent: %b\ndata: %b\n\n" % (mark, topic.encode(), msgspec.json.encode(content))


def _content(event: LiveEvent, shapes: _Shapes) -> object:
    """Give what an event tells; None when what it is about is there no more."""
    content: dict[str, Any] = dict(event.data)
    if event.topic == "offer":
        # an offer is told to its agent or to nobody
        return shapes.offers.get(_id(event, "offer_id")) if event.audience else None
    if event.topic == "presence":
        agent = shapes.agents.get(_id(event, "agent_id"))
        return agent and {**content, "presence": agent.presence}
    if event.topic in ("message", "delivery"):
        message = shapes.messages.get(content.pop("message_id", ""))
        if message is None:
            return None
        if event.topic == "message":
            return {**content, "message": message}
        return message.delivery and {**content, "message_id": message.id, "delivery": message.delivery}
    return content


def _id(event: LiveEvent, name: str) -> str:
    return str(event.data.get(name, ""))
