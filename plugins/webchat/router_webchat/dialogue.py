"""One open WebSocket, incoming side: frames of a client in; accepted items, reports and answers out."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

from router.errors import MalformedMessage, StoreUnavailable
from router.messages import AcceptOutcome, DeliveryState, JsonValue
from router_webchat.codec import own_entry, parse_frame, raw_inbound
from router_webchat.frames import (
    TEXT_BYTES,
    Ack,
    Acked,
    AnyClientFrame,
    Context,
    Failed,
    FiledFrame,
    Hello,
    Msg,
    Page,
    PageMoved,
    Ping,
    Pong,
    Read,
    Typing,
)
from router_webchat.greeting import greet, hear_hello
from router_webchat.hub import Hub
from router_webchat.limits import Pace
from router_webchat.presence import Presence
from router_webchat.socket import BAD_FRAME, TOO_MUCH, TRY_LATER, ChatSocket

FILED_WITHIN_S = 15.0
RETRY_AFTER_S = 5.0


async def hold_dialogue(hub: Hub, ws: web.WebSocketResponse, socket: ChatSocket) -> None:
    """Greet one client, then take frame after frame; returns when the socket is closed."""
    presence = None
    try:
        hello = await hear_hello(ws, socket, hub.settings)
        presence = await greet(hub, socket, hello) if hello else None
        if hello and presence:
            dialogue = _Dialogue(hub, socket, presence, hello)
            del hello  # nothing of it is needed while the socket idles
            async for message in ws:
                if message.type is not WSMsgType.TEXT:
                    failed = Failed(code="bad_frame", message="frames are text", fatal=True)
                    await socket.refuse(BAD_FRAME, failed)
                elif not await dialogue.take(message.data):
                    return
    except StoreUnavailable as error:
        await socket.say_bye("unavailable", error.retry_after_s, TRY_LATER)
    finally:
        if presence is not None:
            await hub.leave(presence, socket)


class _Dialogue:
    """What one client has said about itself, and what to do with its frames."""

    __slots__ = ("_envelope", "_frames", "_hub", "_presence", "_socket")

    def __init__(self, hub: Hub, socket: ChatSocket, presence: Presence, hello: Hello) -> None:
        self._hub = hub
        self._socket = socket
        self._presence = presence
        self._frames = Pace(count=10, per_s=1, burst=100)
        self._envelope: dict[str, JsonValue] = {"locale": hello.locale}
        self._see_page(hello.page)

    async def take(self, text: str) -> bool:
        """Answer one frame; False when the socket has been closed over it."""
        if self._frames.wait_s(self._hub.ctx.clock.monotonic()):
            await self._socket.refuse(TOO_MUCH, Failed(code="rate_limited", message="too fast", fatal=True))
            return False
        try:
            frame = parse_frame(text)
        except MalformedMessage as error:
            if error.code == "unsupported":
                await self._socket.send(Failed(code=error.code, message=str(error)))
                return True
            await self._socket.refuse(BAD_FRAME, Failed(code=error.code, message=str(error), fatal=True))
            return False
        await self._answer(text, frame)
        return True

    async def _answer(self, text: str, frame: AnyClientFrame) -> None:
        """Do what a frame asks for."""
        match frame:
            case Typing():
                await self._hub.hear_typing(self._presence)
            case Read(seq=seq):
                await self._hub.mark(self._presence, seq, DeliveryState.READ)
            case Ack(seq=seq):
                await self._received(seq)
            case PageMoved(url=url, title=title):
                self._see_page(Page(url=url, title=title))
            case Context():
                self._know(frame)
            case Ping(t=t):
                await self._socket.send(Pong(t=t))
            case Hello():
                await self._socket.send(Failed(code="unsupported", message="hello comes once, at the start"))
            case _:
                await self._socket.send(await self._file(text, frame))

    async def _received(self, seq: int) -> None:
        """Note what has arrived; a client that fetched older events over HTTP goes on from here."""
        if not self._socket.is_live:
            self._socket.sent_seq = max(self._socket.sent_seq, seq)
            self._socket.is_live = True
            self._presence.known_after = max(self._presence.known_after, seq)
            await self._hub.catch_up(self._presence, self._socket)
        await self._hub.mark(self._presence, seq, DeliveryState.DELIVERED)

    async def _file(self, text: str, frame: FiledFrame) -> Acked | Failed:
        """Store a frame for good; the answer to a repeat is the answer to the first."""
        hub, visitor = self._hub, self._presence.visitor
        refusal = self._refusal(frame)
        if refusal is not None:
            return refusal
        try:
            if not visitor.is_stored:
                await visitor.store(hub.ctx)
            raw = raw_inbound(text, frame, visitor.id, self._envelope, hub.ctx.clock.now())
            [result] = await hub.ctx.accept([raw])
            async with asyncio.timeout(FILED_WITHIN_S):
                filed = await hub.ctx.filed(result.inbound_id)
        except StoreUnavailable as error:
            return Failed(code="unavailable", cid=frame.cid, retry_after=error.retry_after_s)
        except TimeoutError:
            return Failed(code="unavailable", cid=frame.cid, retry_after=RETRY_AFTER_S)
        if filed:
            # at once in every tab, whether or not the wake-up for it has come; 0 is what nobody there sees
            if filed[0].seq:
                await hub.show(visitor.id, own_entry(raw, filed[0]))
            return Acked(cid=frame.cid, seq=filed[0].seq or None, id=filed[0].message_id, ts=filed[0].at)
        if result.outcome is AcceptOutcome.QUARANTINED or isinstance(frame, Msg):
            return Failed(code="rejected", message="the message was set aside", cid=frame.cid)
        return Acked(cid=frame.cid)

    def _refusal(self, frame: FiledFrame) -> Failed | None:
        """Give why a frame cannot be stored now, if so."""
        if isinstance(frame, Msg):
            if frame.kind != "text":
                return Failed(
                    code="unsupported", message=f"no messages of kind {frame.kind!r}", cid=frame.cid
                )
            if not frame.body.text.strip():
                return Failed(code="empty", message="the message has no text", cid=frame.cid)
            if len(frame.body.text.encode()) > TEXT_BYTES:
                return Failed(code="too_long", message=f"at most {TEXT_BYTES} bytes of text", cid=frame.cid)
        wait_s = self._presence.messages.wait_s(self._hub.ctx.clock.monotonic())
        if wait_s:
            return Failed(code="rate_limited", cid=frame.cid, retry_after=round(wait_s + 0.05, 1))
        return None

    def _see_page(self, page: Page | None) -> None:
        """Remember the page, as text that goes into the envelope of the next message."""
        if page is not None:
            self._envelope["page"] = {"url": page.url, "title": page.title, "referrer": page.referrer}

    def _know(self, context: Context) -> None:
        """Remember what the shop's page says about the customer."""
        for key in ("name", "email", "order", "product"):
            value = getattr(context, key)
            if value is not None:
                self._envelope[key] = value
