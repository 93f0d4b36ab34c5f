"""An agent's desk as a program: calls of the HTTP API in, plain JSON and live events out."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar

from router.errors import RouterError

CALL_TIMEOUT_S = 60.0
LINE_BYTES = 4 * 1_048_576


class Refused(RouterError):
    """The router refused a call."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status = status
        self.code = code
        super().__init__(f"{status} {code}: {detail}")


Lost = (Refused, ClientError, TimeoutError)
"""What a program at a desk has to live with."""


class Desk:
    """One agent's line to the router, with a log-in cookie or a bearer token."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url
        headers = {"Authorization": f"Bearer {token}"} if token else {"Origin": url}
        self._http = ClientSession(
            headers=headers, cookie_jar=CookieJar(unsafe=True), read_bufsize=LINE_BYTES
        )
        self.agent_id = ""
        self.name = ""

    async def __aenter__(self) -> Desk:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def log_in(self, login: str, password: str) -> None:
        """Log in as a person does; the cookie is kept."""
        self._know((await self.call("POST", "/session", {"login": login, "password": password}))["agent"])

    async def introduce(self) -> None:
        """Ask who the token stands for."""
        self._know(await self.call("GET", "/me"))

    async def call(self, method: str, path: str, body: object = None, **query: str) -> dict[str, Any]:
        """Make one call; raises Refused with the router's own words."""
        timeout = ClientTimeout(total=CALL_TIMEOUT_S)
        async with self._http.request(
            method, f"{self._url}/api/v1{path}", json=body, params=query, timeout=timeout
        ) as answer:
            content = await answer.read()
            found: dict[str, Any] = json.loads(content) if content else {}
            if answer.status >= 400:
                raise Refused(answer.status, str(found.get("code", "")), str(found.get("detail", "")))
            return found

    async def be(self, state: str, reason: str = "") -> None:
        """Take a presence."""
        await self.call("PUT", "/me/presence", {"state": state, "reason": reason})

    async def messages(self, conversation_id: str) -> list[dict[str, Any]]:
        """Read a conversation's messages, oldest first."""
        found: list[dict[str, Any]] = (
            await self.call("GET", f"/conversations/{conversation_id}/messages", limit="200")
        )["messages"]
        return found

    async def decisions(self, conversation_id: str, lang: str = "en") -> dict[str, Any]:
        """Read why a conversation is where it is."""
        return await self.call("GET", f"/conversations/{conversation_id}/decisions", lang=lang)

    async def reply(self, conversation_id: str, token: int, text: str) -> dict[str, Any]:
        """Answer the customer."""
        return await self.call(
            "POST", f"/conversations/{conversation_id}/replies", {"text": text, "token": token}
        )

    async def resolve(self, conversation_id: str, token: int) -> None:
        """End the episode."""
        await self.call("POST", f"/conversations/{conversation_id}/resolve", {"token": token})

    async def events(self) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        """Follow the live events until the stream ends; the first is `hello`."""
        forever = ClientTimeout(total=None, sock_connect=CALL_TIMEOUT_S)
        async with self._http.get(f"{self._url}/api/v1/events", timeout=forever) as answer:
            answer.raise_for_status()
            topic = ""
            async for line in answer.content:
                word, _, rest = line.decode().rstrip("\n").partition(": ")
                if word == "event":
                    topic = rest
                elif word == "data":
                    yield topic, json.loads(rest)

    def _know(self, agent: dict[str, Any]) -> None:
        self.agent_id = agent["id"]
        self.name = agent["name"]
