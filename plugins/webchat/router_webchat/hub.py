"""Who is here: new entries of a thread in, frames to every open tab of its visitor out.

The durable thread is the truth. The hub only wakes sockets; what a socket missed it reads from the thread.
"""

from __future__ import annotations

import asyncio
import random

from router.channel import ChannelContext
from router.messages import DeliveryReport, DeliveryState, ThreadEvent
from router_webchat.codec import encode, event_of
from router_webchat.frames import INLINE_EVENTS, AgentTyping
from router_webchat.limits import Addresses, AtOnce
from router_webchat.presence import Presence
from router_webchat.settings import WebchatSettings
from router_webchat.socket import RESTARTING, TAKEN_OVER, ChatSocket
from router_webchat.visitors import Visitor, load_visitor, split_token

FILES_AT_ONCE = 4
"""How many files one visitor may be fetching; each is held in memory until he has read it."""


class Hub:
    """The visitors of one site who are connected to this process."""

    def __init__(self, ctx: ChannelContext, settings: WebchatSettings, epoch: str) -> None:
        self.ctx = ctx
        self.settings = settings
        self.epoch = epoch
        self.is_closing = False
        self.addresses = Addresses(
            sockets=settings.sockets_per_address, newcomers_per_minute=settings.new_visitors_per_minute
        )
        self.fetching = AtOnce(FILES_AT_ONCE)
        self._presences: dict[str, Presence] = {}
        self._farewells: set[asyncio.Task[None]] = set()

    async def visitor_of(self, token: str) -> Visitor | None:
        """Give the visitor a token proves, or None."""
        parts = split_token(token)
        if parts is None:
            return None
        visitor_id, secret = parts
        presence = self._presences.get(visitor_id)
        visitor = presence.visitor if presence else await load_visitor(self.ctx, visitor_id)
        return visitor if visitor is not None and visitor.owns(secret) else None

    def join(self, visitor: Visitor, socket: ChatSocket) -> Presence:
        """Add an open tab; the oldest one makes room when there are too many."""
        presence = self._presences.setdefault(visitor.id, Presence(visitor))
        presence.sockets.append(socket)
        if len(presence.sockets) > self.settings.tabs_per_visitor:
            oldest = presence.sockets.pop(0)
            # a frozen browser answers a close late or never; the new tab does not wait for it
            farewell = asyncio.create_task(oldest.say_bye("taken_over", 0, TAKEN_OVER))
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)
        return presence

    async def leave(self, presence: Presence, socket: ChatSocket) -> None:
        """Remove a tab; with the last one, write down how far the visitor has read."""
        if socket in presence.sockets:
            presence.sockets.remove(socket)
        if presence.sockets:
            return
        self._presences.pop(presence.visitor.id, None)
        if presence.visitor.has_new_marks:
            await presence.visitor.store(self.ctx)

    async def show(self, thread: str, event: ThreadEvent) -> None:
        """Show one committed entry in every tab; encoded once, gaps read from the thread."""
        presence = self._presences.get(thread)
        if presence is None:
            return
        presence.note((event,))
        frame = encode(event_of(event))
        for socket in tuple(presence.sockets):
            if socket.is_live and not await socket.show(event.seq, frame):
                await self.catch_up(presence, socket)
                await socket.show(event.seq, frame)

    async def catch_up(self, presence: Presence, socket: ChatSocket) -> None:
        """Bring one tab up to the end of the thread."""
        while True:
            events = await self.ctx.thread_events(presence.visitor.id, socket.sent_seq, INLINE_EVENTS)
            presence.note(events)
            for event in events:
                await socket.show(event.seq, encode(event_of(event)), complete=True)
            if len(events) < INLINE_EVENTS:
                return

    async def show_typing(self, thread: str, name: str) -> None:
        """Show that an agent is writing."""
        presence = self._presences.get(thread)
        if presence is not None:
            frame = encode(AgentTyping(name=name))
            for socket in tuple(presence.sockets):
                await socket.write(frame, droppable=True)

    async def hear_typing(self, presence: Presence) -> None:
        """Tell the agents that the visitor is writing, seldom enough."""
        if not presence.typing.wait_s(self.ctx.clock.monotonic()):
            await self.ctx.customer_typing(presence.visitor.id)

    async def mark(self, presence: Presence, seq: int, state: DeliveryState) -> None:
        """Report our messages up to `seq` as delivered or read, each of them once."""
        visitor = presence.visitor
        is_read = state is DeliveryState.READ
        done_seq = visitor.read_seq if is_read else max(visitor.delivered_seq, visitor.read_seq)
        if seq <= done_seq:
            return
        await self._recall(presence, done_seq, min(seq, presence.known_after))
        reached = min(seq, presence.latest_seq)
        at = self.ctx.clock.now()
        for outgoing_ref in presence.outgoing(done_seq, reached):
            await self.ctx.report(DeliveryReport(outgoing_ref=outgoing_ref, state=state, at=at))
        if is_read:
            visitor.read_seq = max(visitor.read_seq, reached)
            presence.forget(visitor.read_seq)
        else:
            visitor.delivered_seq = max(visitor.delivered_seq, reached)

    async def _recall(self, presence: Presence, after: int, upto: int) -> None:
        """Look up entries the visitor was shown before they came back."""
        while after < upto:
            events = await self.ctx.thread_events(presence.visitor.id, after, INLINE_EVENTS)
            if not events:
                return
            presence.note(events)
            after = events[-1].seq

    async def close(self) -> None:
        """Send everybody away, each to come back at another moment."""
        self.is_closing = True
        sockets = [socket for presence in self._presences.values() for socket in presence.sockets]
        spread_s = self.settings.restart_spread_s
        await asyncio.gather(
            *(socket.say_bye("restart", random.uniform(0, spread_s), RESTARTING) for socket in sockets),
            *self._farewells,
        )
