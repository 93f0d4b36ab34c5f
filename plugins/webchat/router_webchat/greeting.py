"""The start of a socket: `hello` in; the visitor, `welcome` and what they missed out."""

from __future__ import annotations

import secrets
from typing import Literal

from aiohttp import WSMsgType, web

from router.errors import MalformedMessage
from router.messages import ThreadEvent
from router_webchat.codec import encode, event_of, parse_frame
from router_webchat.frames import INLINE_EVENTS, PROTOCOL_VERSION, Failed, Hello, Limits, Resume, Welcome
from router_webchat.hub import Hub
from router_webchat.presence import Presence
from router_webchat.settings import WebchatSettings
from router_webchat.socket import BAD_FRAME, IDLE, NO_HELLO, TOO_MUCH, WRONG_SITE, ChatSocket
from router_webchat.visitors import Visitor, mint_visitor

FEATURES = ("typing", "read", "page", "context", "end", "csat")


async def hear_hello(
    ws: web.WebSocketResponse, socket: ChatSocket, settings: WebchatSettings
) -> Hello | None:
    """Wait for the first frame; close when it is not a usable `hello`."""
    try:
        message = await ws.receive(timeout=settings.hello_within_s)
    except TimeoutError:
        await socket.refuse(IDLE, Failed(code="no_hello", message="no hello in time", fatal=True))
        return None
    if message.type is not WSMsgType.TEXT:
        return None
    try:
        frame = parse_frame(message.data)
    except MalformedMessage as error:
        await socket.refuse(BAD_FRAME, Failed(code=error.code, message=str(error), fatal=True))
        return None
    if not isinstance(frame, Hello):
        code, word, text = NO_HELLO, "no_hello", "the first frame has to be hello"
    elif frame.v != PROTOCOL_VERSION:
        code, word, text = BAD_FRAME, "version", f"this server speaks version {PROTOCOL_VERSION}"
    elif frame.site != settings.site_key:
        code, word, text = WRONG_SITE, "site", "hello names another site than the address"
    else:
        return frame
    await socket.refuse(code, Failed(code=word, message=text, fatal=True))
    return None


async def greet(hub: Hub, socket: ChatSocket, hello: Hello) -> Presence | None:
    """Find or make the visitor, welcome them and replay at most one page of what they missed."""
    token = None
    visitor = await hub.visitor_of(hello.visitor_token) if hello.visitor_token else None
    if visitor is None:
        wait_s = hub.addresses.newcomer_wait_s(socket.prefix, hub.ctx.clock.monotonic())
        if wait_s:
            text = "too many new visitors from this address"
            failed = Failed(code="rate_limited", message=text, retry_after=round(wait_s, 1), fatal=True)
            await socket.refuse(TOO_MUCH, failed)
            return None
        visitor, token = mint_visitor()
    presence = hub.join(visitor, socket)
    try:
        await _welcome(hub, socket, presence, hello.resume, token)
    except BaseException:
        await hub.leave(presence, socket)
        raise
    return presence


async def _welcome(
    hub: Hub, socket: ChatSocket, presence: Presence, resume: Resume | None, token: str | None
) -> None:
    """Say where the client stands and replay; only after that new events flow by themselves."""
    visitor = presence.visitor
    state, after, events, has_more = await _missed(hub, visitor, resume)
    socket.sent_seq = after
    presence.known_after = max(presence.known_after, after)
    presence.latest_seq = max(presence.latest_seq, after)
    presence.note(events)
    welcome = Welcome(
        v=PROTOCOL_VERSION,
        session=secrets.token_hex(4),
        conversation=visitor.id,
        epoch=hub.epoch,
        seq=events[-1].seq if events else after,
        limits=Limits(),
        features=FEATURES,
        resume="partial" if state == "exact" and has_more else state,
        more=has_more,
        visitor_token=token,
    )
    await socket.send(welcome)
    await socket.replay((event.seq, encode(event_of(event))) for event in events)
    if not has_more:
        await _go_live(hub, socket, presence)


async def _go_live(hub: Hub, socket: ChatSocket, presence: Presence) -> None:
    """Let new events flow, after those that came during the replay."""
    socket.is_live = True
    if presence.latest_seq > socket.sent_seq:
        await hub.catch_up(presence, socket)


async def _missed(
    hub: Hub, visitor: Visitor, resume: Resume | None
) -> tuple[Literal["exact", "none"], int, list[ThreadEvent], bool]:
    """Give whether the client's state counts, the `seq` to go on after, a page of events, whether it is full.

    The client's last event is read again: if it is another one now, or gone, the history was replaced.
    """
    read = hub.ctx.thread_events
    if resume is not None and (resume.conversation, resume.epoch) == (visitor.id, hub.epoch):
        after = resume.last_seq
        events = await read(visitor.id, max(after - 1, 0), INLINE_EVENTS)
        has_more = len(events) == INLINE_EVENTS
        if not after:
            return "exact", 0, events, has_more
        if events and events[0].seq == after and resume.last_id in ("", events[0].id):
            return "exact", after, events[1:], has_more
    events = await read(visitor.id, 0, INLINE_EVENTS) if visitor.is_stored else []
    return "none", 0, events, len(events) == INLINE_EVENTS
