"""All agents' desks together: who is logged in, and everything their live streams have said so far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from router.demo.desk import Desk
from router.errors import RouterError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One live event and the login whose stream brought it."""

    login: str
    topic: str
    content: dict[str, Any]


class Floor:
    """The desks by login, and what they have heard."""

    def __init__(self, desks: dict[str, Desk]) -> None:
        self.desks = desks
        self._heard: list[Heard] = []
        self._more = asyncio.Condition()

    async def follow(self, login: str) -> None:
        """Listen to one desk's stream until cancelled."""
        async for topic, content in self.desks[login].events():
            async with self._more:
                self._heard.append(Heard(login=login, topic=topic, content=content))
                self._more.notify_all()

    async def all_hear(self) -> None:
        """Wait until every stream has said hello: nothing after that is missed."""
        async with self._more:
            while {heard.login for heard in self._heard} < self.desks.keys():
                await self._more.wait()

    async def until(self, wanted: Callable[[Heard], bool]) -> Heard:
        """Wait for an event; one heard before counts."""
        read = 0
        async with self._more:
            while True:
                for heard in self._heard[read:]:
                    if wanted(heard):
                        return heard
                read = len(self._heard)
                await self._more.wait()

    async def until_found(self, look: Callable[[], Awaitable[T | None]]) -> T:
        """Look until something is there, again whenever a desk has heard something."""
        while True:
            read = len(self._heard)
            found = await look()
            if found is not None:
                return found
            async with self._more:
                while len(self._heard) == read:
                    await self._more.wait()

    async def conversation_about(self, words: str) -> dict[str, Any]:
        """Wait until a message with these words has been filed, and give its conversation."""
        heard = await self.until(
            lambda one: (
                one.topic == "message"
                and one.content["message"]["direction"] == "inbound"
                and any(words in block["text"] for block in one.content["message"]["blocks"])
            )
        )
        return await self.conversation(heard.content["conversation_id"])

    async def conversation(self, conversation_id: str) -> dict[str, Any]:
        """Read a conversation."""
        return await next(iter(self.desks.values())).call("GET", f"/conversations/{conversation_id}")

    async def token(self, login: str, conversation_id: str) -> int:
        """Give the token of an agent's claim on a conversation."""
        found = await self.desks[login].call("GET", f"/conversations/{conversation_id}")
        token = (found["work_item"] or {}).get("token")
        if not isinstance(token, int):
            raise RouterError(f"{self.desks[login].name} does not have “{found['subject']}”")
        return token

    async def offer_of(self, conversation_id: str) -> Heard:
        """Wait until a conversation is offered to somebody."""
        return await self.until(
            lambda one: one.topic == "offer" and one.content["conversation"]["id"] == conversation_id
        )


@asynccontextmanager
async def staffed_floor(url: str, logins: Sequence[str], password: str) -> AsyncIterator[Floor]:
    """Log everybody in and listen to every stream."""
    async with AsyncExitStack() as stack:
        desks = {login: await stack.enter_async_context(Desk(url)) for login in logins}
        await asyncio.gather(*(desk.log_in(login, password) for login, desk in desks.items()))
        floor = Floor(desks)
        streams = [asyncio.create_task(floor.follow(login), name=f"desk of {login}") for login in logins]
        try:
            await floor.all_hear()
            yield floor
        finally:
            for stream in streams:
                stream.cancel()
            for stream in streams:
                with suppress(asyncio.CancelledError):
                    await stream
