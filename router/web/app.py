"""The web application: puts the calls, pages and doors together and opens what they need.

`create_app` takes the rooms and the settings; `create_runner` takes the application and gives what listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import version

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from router.web.auth import Doorkeeper
from router.web.binder import API_PREFIX, BoundCall, bind, json_response, route_of
from router.web.events import EventCalls
from router.web.frames import Frames
from router.web.hooks import Hooks, plugin_routes
from router.web.openapi import describe
from router.web.origin import require_private_line
from router.web.pages import Pages, secure_response
from router.web.problems import Problem, problem_of
from router.web.routes_channels import ChannelCalls
from router.web.routes_composing import ComposingCalls
from router.web.routes_conversations import ConversationCalls
from router.web.routes_files import FileCalls
from router.web.routes_identities import IdentityCalls
from router.web.routes_messages import MessageCalls
from router.web.routes_operations import OperationsCalls
from router.web.routes_orders import OrderCalls
from router.web.routes_people import PeopleCalls
from router.web.routes_rules import RulesCalls
from router.web.routes_steering import SteeringCalls
from router.web.routes_tasks import TaskCalls
from router.web.routes_work import WorkCalls
from router.web.services import Services
from router.web.settings import BODY_LIMIT_BYTES, WebSettings

SERVICES = web.AppKey("services", Services)
FRAMES = web.AppKey("frames", Frames)

SHUTDOWN_S = 5.0
HEALTH_DEADLINE_S = 2.0


def create_app(
    services: Services, settings: WebSettings, extra_routes: Iterable[web.AbstractRouteDef] = ()
) -> web.Application:
    """Put the application together; it opens nothing until it is started."""
    app = web.Application(client_max_size=BODY_LIMIT_BYTES, middlewares=[_guard(settings)])
    app[SERVICES] = services
    app[FRAMES] = frames = Frames(services)
    doorkeeper = Doorkeeper(services, settings)
    groups = (
        PeopleCalls(services, doorkeeper),
        ConversationCalls(services),
        WorkCalls(services),
        TaskCalls(services),
        SteeringCalls(services),
        RulesCalls(services),
        IdentityCalls(services),
        MessageCalls(services),
        FileCalls(services),
        OrderCalls(services),
        ComposingCalls(services),
        ChannelCalls(services),
        OperationsCalls(services),
        EventCalls(services, doorkeeper, frames),
    )
    calls = [bind(call) for group in groups for call in group.calls()]
    app.add_routes([route_of(bound, doorkeeper.identify) for bound in calls])
    app.add_routes([_description(calls), web.get("/healthz", _health)])
    app.add_routes(Pages(settings).routes())
    app.add_routes(Hooks(services, settings).routes())
    app.add_routes(plugin_routes(services))
    app.add_routes(extra_routes)
    app.on_response_prepare.append(secure_response)
    app.on_shutdown.append(_end_streams)
    app.cleanup_ctx.append(_encode_events)
    return app


def create_runner(app: web.Application) -> web.AppRunner:
    """Give what serves the application: no unpacking of bodies, no log of addresses and query strings."""
    return web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=SHUTDOWN_S)


def _guard(settings: WebSettings) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse plain HTTP in the open, and answer every failure under `/api` as a problem."""
        try:
            if request.path != "/healthz":
                require_private_line(request, settings)
            return await handler(request)
        except Problem as problem:
            return problem.response()
        except web.HTTPException as error:
            if request.path.startswith("/api/"):
                return problem_of(error).response()
            raise

    return guard


def _description(calls: list[BoundCall]) -> web.RouteDef:
    # a fifth of a second, and hardly ever asked for
    document = cache(lambda: describe(calls, version("omnirouter")))

    async def openapi(request: web.Request) -> web.Response:
        return json_response(document())

    return web.get(f"{API_PREFIX}/openapi.json", openapi)


async def _health(request: web.Request) -> web.Response:
    try:
        async with asyncio.timeout(HEALTH_DEADLINE_S), request.app[SERVICES].store.reading() as conn:
            await conn.execute(text("SELECT 1"))
    except (TimeoutError, SQLAlchemyError):
        return json_response({"status": "store_unavailable"}, 503)
    return json_response({"status": "ok"})


async def _encode_events(app: web.Application) -> AsyncIterator[None]:
    encoding = asyncio.create_task(app[FRAMES].run(), name="live events")
    yield
    encoding.cancel()
    with suppress(asyncio.CancelledError):
        await encoding


async def _end_streams(app: web.Application) -> None:
    app[FRAMES].close()
