"""The simulated agents: they accept what they are offered after a moment, answer, and resolve.

They are programs with API tokens at the router's own HTTP API. Whoever a person logs in as is left to the
person, and colleagues who speak the same language stand back while that person has hands free.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from random import Random
from types import TracebackType
from typing import Any

from router.demo.desk import Desk, Lost
from router.demo.persons import Persons
from router.demo.phone import ACCOUNT as HOTLINE
from router.demo.phone import PostRefused
from router.demo.scenes import Language, Script
from router.demo.world import World
from router.people import create_token, find_agent

log = logging.getLogger(__name__)

RETRY_S = 1.0
ACCEPT_AFTER_S = (1.5, 5.0)
WRITE_S = (5.0, 14.0)
WAIT_FOR_CUSTOMER_S = (25.0, 60.0)


class Colleagues:
    """All simulated agents; `persons` knows whom they leave work to."""

    def __init__(self, world: World, script: Script, seed: int) -> None:
        self._world = world
        self._script = script
        self._random = Random(seed)
        self._stack = AsyncExitStack()
        self._group = asyncio.TaskGroup()
        self._desks: dict[str, Desk] = {}
        self._wrote: dict[str, asyncio.Event] = {}
        self._serving: set[str] = set()
        self.persons = Persons(world.router.store, self._desks)

    async def __aenter__(self) -> Colleagues:
        store, clock = self._world.router.store, self._world.router.clock
        for login in self._world.logins:
            agent_id = await store.write(find_agent, login)
            assert agent_id is not None
            token = await create_token(store, agent_id, "demo", clock.now())
            desk = await self._stack.enter_async_context(Desk(self._world.url, token.text))
            await desk.introduce()
            await desk.be("available")
            self._desks[agent_id] = desk
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def observer(self) -> Desk:
        """A desk to look at the whole floor from."""
        return next(iter(self._desks.values()))

    async def work(self) -> None:
        """Work until cancelled."""
        async with self._group:
            self._group.create_task(self.persons.watch(), name="presence of colleagues")
            for desk in self._desks.values():
                self._group.create_task(self._follow(desk), name=f"colleague {desk.name}")

    async def _follow(self, desk: Desk) -> None:
        """React to a desk's live events; the stream is opened again when it breaks."""
        while True:
            try:
                for offer in (await desk.call("GET", "/me/offers"))["offers"]:
                    self._start(desk, offer)
                async for topic, content in desk.events():
                    if topic == "offer":
                        self._start(desk, content)
                    elif topic == "message" and content["message"]["direction"] == "inbound":
                        self._event(content["conversation_id"]).set()
            except Lost as error:
                log.debug("desk of %s: %s", desk.name, error)
            await asyncio.sleep(RETRY_S)

    def _start(self, desk: Desk, offer: dict[str, Any]) -> None:
        # an offer may be listed and told as well
        if offer["id"] not in self._serving:
            self._serving.add(offer["id"])
            self._group.create_task(self._serve(desk, offer), name=f"{desk.name} serves")

    async def _serve(self, desk: Desk, offer: dict[str, Any]) -> None:
        """Take one conversation to its end, unless a person takes over."""
        conversation_id = offer["conversation"]["id"]
        try:
            await self._pause(ACCEPT_AFTER_S)
            if await self.persons.include(desk.agent_id):
                return
            accepted = await desk.call("POST", f"/offers/{offer['id']}/accept")
            item = accepted["conversation"]["work_item"]
            if accepted["conversation"]["account"] == HOTLINE:
                await self._call_back(desk, conversation_id)
                return
            while await self._say_next(desk, conversation_id, item["token"]):
                pass
        except (PostRefused, *Lost) as error:
            log.debug("%s let go of an offer: %s", desk.name, error)
        finally:
            self._wrote.pop(conversation_id, None)
            self._serving.discard(offer["id"])

    async def _say_next(self, desk: Desk, conversation_id: str, token: int) -> bool:
        """Answer what the customer wrote last; False when the matter is closed or a person's."""
        wrote = self._event(conversation_id)
        wrote.clear()
        texts = _words_of_customer(await desk.messages(conversation_id))
        await self._pause(WRITE_S)
        if await self.persons.include(desk.agent_id):
            return False
        await desk.reply(conversation_id, token, self._script.answer(texts, _language(texts)))
        try:
            async with asyncio.timeout(self._random.uniform(*WAIT_FOR_CUSTOMER_S)):
                await wrote.wait()
        except TimeoutError:
            if not await self.persons.include(desk.agent_id):
                await desk.resolve(conversation_id, token)
            return False
        return True

    async def _call_back(self, desk: Desk, conversation_id: str) -> None:
        """Speak to a customer who called in vain: the record of that call closes the task and its work."""
        await self._pause(WRITE_S)
        tasks = (await desk.call("GET", f"/conversations/{conversation_id}/tasks"))["tasks"]
        number = next((one["number"] for one in tasks if one["state"] == "open"), "")
        if number and not await self.persons.include(desk.agent_id):
            await self._world.phone.tell("called_back", number, "post")

    async def _pause(self, span_s: tuple[float, float]) -> None:
        await asyncio.sleep(self._random.uniform(*span_s))

    def _event(self, conversation_id: str) -> asyncio.Event:
        return self._wrote.setdefault(conversation_id, asyncio.Event())


def _words_of_customer(messages: Sequence[dict[str, Any]]) -> list[str]:
    """Give what the customer wrote in words: neither cards nor what was taken back."""
    texts = [
        "\n".join(block["text"] for block in message["blocks"] if block["kind"] == "text")
        for message in messages
        if message["direction"] == "inbound"
    ]
    return [text for text in texts if text]


def _language(texts: Sequence[str]) -> Language:
    is_chinese = any("\u4e00" <= letter <= "\u9fff" for text in texts for letter in text)
    return "zh" if is_chinese else "en"
