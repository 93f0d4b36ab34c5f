"""The door for providers' pushes as the router has it; in: channels, out: real HTTP calls answered by them."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from router.channel import AnyChannel, HttpRequest, PushSource
from router.errors import InboundRejected, MalformedMessage, NotFound, StoreUnavailable
from router.testing.loopback import LoopbackServer

BODY_BYTES = 1024 * 1024


class HookDoor(LoopbackServer):
    """`/hooks/<account>/…` for channels that share this loop, answering as the router's own door does.

    Its `url` is what `ChannelContext.public_url` is of a router.
    """

    def __init__(self) -> None:
        super().__init__(BODY_BYTES)
        self._channels: dict[str, AnyChannel] = {}
        self._app.router.add_route("*", "/hooks/{account}{tail:.*}", self._receive)

    def serve(self, channel: AnyChannel) -> None:
        """Take this account's calls; a later channel of the same account takes them over."""
        self._channels[channel.account] = channel

    async def _receive(self, request: web.Request) -> web.Response:
        channel = self._channels.get(request.match_info["account"])
        if not isinstance(channel, PushSource):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        call = HttpRequest(
            method=request.method,
            path=request.match_info["tail"] or "/",
            query=dict(request.query),
            headers=request.headers,
            body=await request.read(),
            remote=request.remote or "",
            target=request.raw_path,
        )
        try:
            reply = await channel.handle_http(call)
        except InboundRejected:
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        except StoreUnavailable as away:
            seconds = {"Retry-After": str(away.retry_after_s)}
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=seconds)
        except MalformedMessage:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        except NotFound:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))
