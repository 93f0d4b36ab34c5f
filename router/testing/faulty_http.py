"""A provider's web server that fails on demand; in: routes and faults, out: real HTTP on loopback.

Faults wait in one queue for each route and one for all routes (`ANY`), and are used up in the order given:
one request takes one fault, its route's own first. What happens at the provider "before the commit" happens
before the route's responder ran, "after the commit" once it has run.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from router.testing.faults import Fault
from router.testing.loopback import LoopbackServer

ANY = "*"

Answer = web.StreamResponse
Responder = Callable[[web.Request], Awaitable[Answer]]

_REQUEST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as the provider saw it; `fault` names what went wrong with it, if anything did.

    `body` is empty for multipart, which can be read once only, and that is the route's.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    fault: str = ""


class FaultyHttp(LoopbackServer):
    """An aiohttp server on a free port of the loopback; every request is logged in `calls`."""

    def __init__(self) -> None:
        super().__init__(_REQUEST_BYTES)
        self.calls: list[Call] = []
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)

    def route(self, method: str, path: str, respond: Responder) -> None:
        """Answer requests of this method and aiohttp path template; before `start`."""

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, f"{method} {path}", respond)

        self._app.router.add_route(method, path, serve)

    def fail_next(self, fault: Fault, route: str = ANY) -> None:
        """Queue a fault for a route (`POST /messages`, as it was added) or for whichever comes next."""
        self._faults[route].append(fault)

    def asked(self, *endings: str) -> list[bytes]:
        """Give the calls that went well and whose path ends so, each as path, query and body in one."""
        return [
            b" ".join((each.path.encode(), urlencode(each.query).encode(), each.body))
            for each in self.calls
            if each.path.endswith(endings) and not each.fault
        ]

    def left(self) -> int:
        """Count the faults nothing has used up yet."""
        return sum(len(queue) for queue in self._faults.values())

    def _take_fault(self, route: str) -> Fault | None:
        for queue in (self._faults[route], self._faults[ANY]):
            if queue:
                return queue.popleft()
        return None

    async def _serve(self, request: web.Request, route: str, respond: Responder) -> Answer:
        fault = self._take_fault(route)
        is_form = request.content_type.startswith("multipart/")
        self.calls.append(
            Call(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=request.headers.copy(),
                body=b"" if is_form else await request.read(),
                fault=fault.name if fault else "",
            )
        )
        if fault is None:
            return await respond(request)
        return await _spoil(request, fault, respond)


async def _spoil(request: web.Request, fault: Fault, respond: Responder) -> Answer:
    if fault.cut_before:
        return _hang_up(request)
    if fault.status is not None:
        return web.Response(status=fault.status, body=fault.body, headers=dict(fault.headers))
    answer = await respond(request)
    if fault.cut_after:
        return _hang_up(request)
    if fault.until is not None:
        await fault.until.wait()
    if fault.answer is not None:
        return web.Response(body=fault.answer, headers={"Content-Type": "application/json"})
    if fault.slow_s and isinstance(answer, web.Response):
        return await _dribble(request, answer, fault.slow_s)
    return answer


def _hang_up(request: web.Request) -> Answer:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _dribble(request: web.Request, answer: web.Response, seconds: float) -> Answer:
    body = answer.body if isinstance(answer.body, bytes) else b""
    slow = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    slow.content_length = len(body)
    await slow.prepare(request)
    for at in range(len(body)):
        await asyncio.sleep(seconds / len(body))
        await slow.write(body[at : at + 1])
    await slow.write_eof()
    return slow


def json_answer(value: Any, *, status: int = 200) -> web.Response:
    """Answer with JSON, for the routes of a fake."""
    return web.json_response(value, status=status)
