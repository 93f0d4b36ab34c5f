"""The simulated customers: one every half minute, by mail, chat, phone or marketplace, never a flood."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import count
from random import Random

import aiosmtplib
from aiohttp import ClientError

from router.demo.colleagues import Colleagues
from router.demo.desk import Lost
from router.demo.files import SHOP_ADDRESS, SITE_KEY, SUPPORT
from router.demo.letters import CUSTOMER_DOMAIN, Draft, Letter
from router.demo.phone import ACCOUNT as HOTLINE
from router.demo.scenes import CallScene, Scene, Script
from router.demo.visitor import Visitor
from router.demo.world import World
from router.errors import RouterError

log = logging.getLogger(__name__)

AT_ONCE = 5
FIRST_GAP_S = (0.2, 0.8)
GAP_S = (20.0, 40.0)
MOST_OPEN = 12
PATIENCE_S = 600.0
CALL_AGAIN_S = (15.0, 40.0)
FIRST_CALL_AT = 2
CALL_EVERY = 6
THANKS_AFTER_S = (4.0, 12.0)

Trouble = (aiosmtplib.SMTPException, ClientError, OSError, RouterError, TimeoutError)


class Customers:
    """The stream of customers; what each says stands in the script."""

    def __init__(self, world: World, script: Script, colleagues: Colleagues, seed: int) -> None:
        self._world = world
        self._script = script
        self._colleagues = colleagues
        self._random = Random(seed)
        self._numbers = count(1)

    async def come(self) -> None:
        """Let customers come until cancelled: the first at once, then one now and then."""
        waiting: list[Scene | CallScene] = []
        async with asyncio.TaskGroup() as group:
            for number in count():
                if not waiting:
                    waiting = self._day()
                    if number:
                        self._random.shuffle(waiting)
                if number < AT_ONCE or await self._has_room():
                    group.create_task(self._play(waiting.pop(0)))
                for scene in await self._pause(FIRST_GAP_S if number < AT_ONCE else GAP_S):
                    group.create_task(self._play(scene))

    def _day(self) -> list[Scene | CallScene]:
        """List everybody who comes, callers between the others."""
        everybody: list[Scene | CallScene] = list(self._script.scenes)
        for place, call in enumerate(self._script.calls):
            everybody.insert(FIRST_CALL_AT + place * CALL_EVERY, call)
        return everybody

    async def _pause(self, span_s: tuple[float, float]) -> Sequence[Scene]:
        """Wait for the next customer's turn; a person who logs in meanwhile gets work of three kinds at once."""
        try:
            async with asyncio.timeout(self._random.uniform(*span_s)):
                language = await self._colleagues.persons.arrivals.get()
        except TimeoutError:
            return ()
        scenes = [scene for scene in self._script.scenes if scene.language == language]
        return [
            self._random.choice([scene for scene in scenes if scene.channel == channel])
            for channel in ("chat", "email", "marketplace")
        ]

    async def _has_room(self) -> bool:
        """Say whether few enough conversations are open."""
        try:
            found = await self._colleagues.observer.call(
                "GET", "/conversations", view="open", limit=str(MOST_OPEN)
            )
        except Lost:
            return False
        return len(found["conversations"]) < MOST_OPEN

    async def _play(self, scene: Scene | CallScene) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                if isinstance(scene, CallScene):
                    await self._phone(scene)
                else:
                    name = self._random.choice(scene.names)
                    play = {"email": self._write, "chat": self._chat, "marketplace": self._buy}[scene.channel]
                    await play(scene, name)
        except Trouble as error:
            log.debug("a customer gave up: %s", error)

    async def _phone(self, scene: CallScene) -> None:
        """Call, and again after a while, each time as the scene says."""
        number = f"139{self._random.randrange(10**8):08}"
        self._world.system.place(scene.order, HOTLINE, f"+86{number}")
        for outcome in scene.outcomes:
            await self._world.phone.tell(outcome, number, scene.way)
            await asyncio.sleep(self._random.uniform(*CALL_AGAIN_S))

    async def _buy(self, scene: Scene, name: str) -> None:
        """Write to one of our shops on a marketplace, wait for the answer, say thanks."""
        accounts = list(self._world.marketplace.shops)
        if not accounts:
            return
        account = self._random.choice(accounts)
        shop = self._world.marketplace.shops[account]
        chat = shop.platform.open_chat(name)
        self._world.system.place(scene.order, account, chat)
        await self._say(account, chat, scene.text)
        await self._answered(account, chat)
        await asyncio.sleep(self._random.uniform(*THANKS_AFTER_S))
        if scene.thanks:
            await self._say(account, chat, scene.thanks)

    async def _answered(self, account: str, chat: str) -> None:
        """Wait until the shop has written; whatever is sent is told live as well."""

        async def look() -> bool:
            return any(one.author == "shop" for one in self._world.marketplace.chat(account, chat).messages)

        await self._world.router.live.until(look)

    async def _say(self, account: str, chat: str, text: str) -> None:
        market = self._world.marketplace
        await market.call(self._world.url, account, market.shops[account].platform.write(chat, text))

    async def _write(self, scene: Scene, name: str) -> None:
        """Send a mail, wait for the answer, thank for it in the same thread."""
        address = f"customer-{next(self._numbers)}@{CUSTOMER_DOMAIN}"
        self._world.system.place(scene.order, SUPPORT, address)
        sent = await self._post(scene.subject, scene.text, name, address)
        answer = await self._world.mailbox.until(
            lambda one: one.direction == "received" and one.value("In-Reply-To") == sent.message_id
        )
        if scene.thanks:
            await asyncio.sleep(self._random.uniform(*THANKS_AFTER_S))
            await self._post(answer.subject, scene.thanks, name, address, answer)

    async def _post(
        self, subject: str, text: str, name: str, address: str, answers: Letter | None = None
    ) -> Letter:
        return await self._world.mailbox.post(
            Draft(
                name=name,
                address=address,
                to=answers.reply_to if answers else SHOP_ADDRESS,
                subject=subject,
                text=text,
                at=self._world.router.clock.now(),
                answers=answers,
            )
        )

    async def _chat(self, scene: Scene, name: str) -> None:
        """Ask in the chat, wait for the answer, say thanks and leave with a rating."""
        async with Visitor(self._world.url, SITE_KEY, scene.language) as visitor:
            await visitor.introduce(name)
            asked = await visitor.say(scene.text)
            answer = await visitor.answer_after(asked["seq"])
            await asyncio.sleep(self._random.uniform(*THANKS_AFTER_S))
            if scene.thanks:
                await visitor.say(scene.thanks)
                await visitor.answer_after(answer["seq"])
            await visitor.end(self._random.choice((4, 5, 5)))
