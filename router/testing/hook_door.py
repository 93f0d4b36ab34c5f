"""The door for providers' pushes as the router has it; in: channels, out: real HTTP calls answered by them."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from router.channel import AnyChannel, HttpRequest, PushSource
from router.errors import InboundRejected, MalformedMessage, NotFound, StoreUnavailable

BODY_BYTES = 1024 * 1024


class HookDoor:
    """`/hooks/<account>/…` for channels that share this loop, answering as the router's own door does."""

    def __init__(self) -> None:
        self._channels: dict[str, AnyChannel] = {}
        self._runner: web.AppRunner | None = None

    def serve(self, channel: AnyChannel) -> None:
        """Take this account's calls; a later channel of the same account takes them over."""
        self._channels[channel.account] = channel

    async def start(self) -> None:
        """Listen on a free port of the loopback."""
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_route("*", "/hooks/{account}{tail:.*}", self._receive)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._runner = runner

    async def stop(self) -> None:
        """Free the port."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """Where the router would be reached, without a final slash: `ChannelContext.public_url`."""
        if self._runner is None:
            raise RuntimeError("start the door first")
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

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
