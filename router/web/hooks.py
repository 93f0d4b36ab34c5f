"""The doors of plugins: `/hooks/<account>/…` for providers, and the routes a channel kind brings along."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from aiohttp import web

from router.channel import AnyChannel, ChannelRoute, ChannelType, HttpRequest
from router.errors import InboundRejected, PluginContractError
from router.web.origin import client_address
from router.web.problems import Problem, problem_of
from router.web.services import Services
from router.web.settings import WebSettings

log = logging.getLogger(__name__)

RESERVED_PREFIXES = ("/api", "/hooks", "/static", "/healthz")


class Hooks:
    """Providers' calls, size-limited by the application and handed on raw."""

    def __init__(self, services: Services, settings: WebSettings) -> None:
        self._channels = services.channels
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [
            web.route("*", "/hooks/{account}", self.receive),
            web.route("*", "/hooks/{account}/{tail:.*}", self.receive),
        ]

    async def receive(self, request: web.Request) -> web.Response:
        """Hand a call to its account and give back its answer."""
        try:
            return await self._receive(request)
        except InboundRejected:
            # whoever forges is not told why
            return Problem(401, "not_logged_in", "The call could not be verified.").response()
        except Exception as error:
            return problem_of(error).response()

    async def _receive(self, request: web.Request) -> web.Response:
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            # signatures are over the bytes sent, and a bomb is small until it is unpacked
            raise Problem(415, "unsupported_media_type", "Send the body as it is, not compressed.")
        reply = await self._channels.handle_http(
            request.match_info["account"],
            HttpRequest(
                method=request.method,
                path="/" + request.match_info.get("tail", ""),
                query=dict(request.query),
                headers=request.headers,
                body=await request.read(),
                remote=client_address(request, self._settings),
                target=request.raw_path,
            ),
        )
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))


def plugin_routes(services: Services) -> list[web.RouteDef]:
    """List the routes of all channel kinds; a kind that reaches beyond its prefixes gets none."""
    routes: list[web.RouteDef] = []
    for kind, channels in services.channels.channel_routes():
        try:
            check_prefixes(kind)
        except PluginContractError as error:
            log.error("routes refused", extra={"channel": kind.id, "cause": str(error)})
        else:
            routes += [_route(one, channels) for one in kind.routes]
    return routes


def check_prefixes(kind: ChannelType) -> None:
    """Raise PluginContractError unless every route of a kind lies under its prefixes, and those are free."""
    for prefix in kind.route_prefixes:
        taken = [own for own in RESERVED_PREFIXES if _is_under(prefix, own) or _is_under(own, prefix)]
        if not prefix.startswith("/") or prefix == "/" or taken:
            raise PluginContractError(
                f"the route prefix {prefix!r} of channel {kind.id} belongs to the router"
            )
    for route in kind.routes:
        if not any(_is_under(route.path, prefix) for prefix in kind.route_prefixes):
            raise PluginContractError(
                f"the route {route.path!r} of channel {kind.id} is outside its prefixes"
            )


def _is_under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


def _route(route: ChannelRoute, channels: Mapping[str, AnyChannel]) -> web.RouteDef:
    async def serve(request: web.Request) -> web.StreamResponse:
        return await route.handle(request, channels)

    return web.route(route.method, route.path, serve)
