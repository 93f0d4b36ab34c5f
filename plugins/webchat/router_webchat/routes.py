"""The web routes of the chat: requests in; sockets, pages of events, files and the widget out.

Every route gets the open webchat channels and picks the one whose site key is named by `?site=`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeAlias
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from router.channel import AnyChannel, ChannelRoute
from router.messages import FileContent
from router_webchat import pages
from router_webchat.channel import SHOWN_TYPES, WebchatChannel
from router_webchat.codec import event_of
from router_webchat.dialogue import hold_dialogue
from router_webchat.frames import FRAME_BYTES, INLINE_EVENTS, EventPage, Failed
from router_webchat.hub import Hub
from router_webchat.limits import prefix_of
from router_webchat.socket import CLOSE_WAIT_S, HEARTBEAT_S, REPLAY_BYTES, TOO_MUCH, ChatSocket
from router_webchat.visitors import Visitor

Channels: TypeAlias = Mapping[str, AnyChannel]

CHUNK_BYTES = 65_536


def site_of(request: web.Request, channels: Channels) -> tuple[WebchatChannel, Hub]:
    """Give the channel a request names; 404 for an unknown site, 503 while it is closing."""
    key = request.query.get("site", "")
    for channel in channels.values():
        if isinstance(channel, WebchatChannel) and channel.settings.site_key == key:
            if channel.hub is None or channel.hub.is_closing:
                raise web.HTTPServiceUnavailable(
                    text="this chat is starting or stopping", headers={"Retry-After": "5"}
                )
            return channel, channel.hub
    raise web.HTTPNotFound(text="no such site; check data-site against site_key of the webchat account")


def check_origin(request: web.Request, channel: WebchatChannel, *, required: bool) -> str:
    """Give the request's origin; 403 unless it is one of the site's. Without `required` it may be missing."""
    named = request.headers.getall(hdrs.ORIGIN, [])
    if not named and not required:
        return ""
    if len(named) != 1 or not channel.settings.allows(named[0], channel.own_origin):
        raise web.HTTPForbidden(
            text="this origin may not use the site; add it to origins of the webchat account"
        )
    return named[0]


async def serve_socket(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Open one chat socket."""
    channel, hub = site_of(request, channels)
    check_origin(request, channel, required=True)
    ws = web.WebSocketResponse(
        compress=False,
        heartbeat=HEARTBEAT_S,
        max_msg_size=FRAME_BYTES,
        timeout=CLOSE_WAIT_S,
        writer_limit=REPLAY_BYTES,
    )
    await ws.prepare(request)
    if not isinstance(request.transport, asyncio.Transport):
        return ws
    prefix = prefix_of(request.remote)
    socket = ChatSocket(ws, request.transport, prefix)
    if not hub.addresses.enter(prefix, hub.ctx.clock.monotonic()):
        text = "too many open chats from this address"
        await socket.refuse(TOO_MUCH, Failed(code="rate_limited", message=text, retry_after=30, fatal=True))
        return ws
    try:
        await hold_dialogue(hub, ws, socket)
    finally:
        hub.addresses.leave(prefix)
    return ws


def _cors(origin: str) -> dict[str, str]:
    """Give the headers that let a listed page read an answer."""
    if not origin:
        return {hdrs.VARY: "Origin"}
    return {
        hdrs.VARY: "Origin",
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization",
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
    }


async def serve_preflight(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Answer a browser that asks whether a listed page may read events."""
    channel, _ = site_of(request, channels)
    return web.Response(status=204, headers=_cors(check_origin(request, channel, required=True)))


async def _visitor_of(request: web.Request, hub: Hub, origin: str) -> Visitor:
    """Give the visitor whose conversation the path names; 401 without a token, 404 for anybody else's."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise web.HTTPUnauthorized(
            text="send the visitor token as Authorization: Bearer", headers=_cors(origin)
        )
    visitor = await hub.visitor_of(token.strip())
    if visitor is None or visitor.id != request.match_info["conversation"]:
        raise web.HTTPNotFound(text="no such conversation", headers=_cors(origin))
    return visitor


async def serve_events(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Give a page of events to the visitor whose conversation it is; 404 to anybody else."""
    channel, hub = site_of(request, channels)
    origin = check_origin(request, channel, required=False)
    visitor = await _visitor_of(request, hub, origin)
    after = request.query.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 16):
        raise web.HTTPBadRequest(text="after is a sequence number", headers=_cors(origin))
    events = await hub.ctx.thread_events(visitor.id, int(after), INLINE_EVENTS)
    page = EventPage(
        conversation=visitor.id,
        epoch=hub.epoch,
        events=[event_of(event) for event in events],
        next=events[-1].seq if len(events) == INLINE_EVENTS else None,
    )
    headers = {**_cors(origin), hdrs.CACHE_CONTROL: "no-store", **pages.SAFE}
    return web.Response(body=msgspec.json.encode(page), content_type="application/json", headers=headers)


async def serve_file(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Give a file of the shop to the visitor it was sent to: to save, and never to run."""
    channel, hub = site_of(request, channels)
    origin = check_origin(request, channel, required=False)
    visitor = await _visitor_of(request, hub, origin)
    with hub.fetching.one_more(visitor.id) as may_fetch:
        if not may_fetch:
            headers = {**_cors(origin), "Retry-After": "1"}
            raise web.HTTPTooManyRequests(text="too many files at once", headers=headers)
        try:
            file = await hub.ctx.file(request.match_info["file"], visitor.id)
        except LookupError:
            raise web.HTTPNotFound(text="no such file", headers=_cors(origin)) from None
        return await _given_out(request, file, origin)


async def _given_out(request: web.Request, file: FileContent, origin: str) -> web.StreamResponse:
    """Write a file as fast as it is read; whoever has gone reads no more of it."""
    shown = file.content_type if file.content_type in SHOWN_TYPES else "application/octet-stream"
    headers = {
        **_cors(origin),
        **pages.SAFE,
        hdrs.CACHE_CONTROL: "private, no-store",
        hdrs.CONTENT_DISPOSITION: f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    answer = web.StreamResponse(headers=headers)
    answer.content_type = shown
    answer.content_length = len(file.content)
    with suppress(ConnectionError):
        await answer.prepare(request)
        for start in range(0, len(file.content), CHUNK_BYTES):
            await answer.write(file.content[start : start + CHUNK_BYTES])
        await answer.write_eof()
    return answer


async def serve_site(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Give the looks of a site to its own pages."""
    channel, _ = site_of(request, channels)
    headers = {**_cors(check_origin(request, channel, required=False)), hdrs.CACHE_CONTROL: "max-age=300"}
    looks = pages.looks_of(channel.settings)
    return web.json_response(looks, headers={**headers, **pages.SAFE})


async def serve_frame(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Give the page inside the shop's iframe."""
    channel, _ = site_of(request, channels)
    return await pages.frame_page(channel.settings, channel.own_origin)


async def serve_embed(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Give the snippet for the shop's pages, with the hash of the loader as it is now."""
    channel, _ = site_of(request, channels)
    return await pages.embed_snippet(channel.settings, channel.ctx.public_url)


async def serve_loader(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Give the script a shop's page loads."""
    return await pages.loader_script(request)


async def serve_static(request: web.Request, channels: Channels) -> web.StreamResponse:
    """Give a file of the frame."""
    return await pages.static_file(request.match_info["name"])


_EVENTS = "/chat/v1/conversations/{conversation}/events"
_FILE = "/chat/v1/conversations/{conversation}/files/{file}"

ROUTE_PREFIXES = ("/chat/", "/omni-loader-1.js")
ROUTES = (
    ChannelRoute(method="GET", path="/chat/v1/socket", handle=serve_socket),
    ChannelRoute(method="GET", path=_EVENTS, handle=serve_events),
    ChannelRoute(method="OPTIONS", path=_EVENTS, handle=serve_preflight),
    ChannelRoute(method="GET", path=_FILE, handle=serve_file),
    ChannelRoute(method="OPTIONS", path=_FILE, handle=serve_preflight),
    ChannelRoute(method="GET", path="/chat/v1/site", handle=serve_site),
    ChannelRoute(method="GET", path="/chat/v1/frame", handle=serve_frame),
    ChannelRoute(method="GET", path="/chat/v1/embed", handle=serve_embed),
    ChannelRoute(method="GET", path="/chat/v1/static/{name}", handle=serve_static),
    ChannelRoute(method="GET", path="/omni-loader-1.js", handle=serve_loader),
)
