"""The kill campaign: traffic from outside, deaths at named points, and the accounts afterwards.

In: an empty store's URL and a plan of kills. Out: a `Report` with one row per kill point. While the router is
dead the world goes on: the mail sender and the visitors try again as their protocols demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from router.storage.store import Store
from tests.crash.agent import Agent
from tests.crash.cases import Case, chat_case, mail_case
from tests.crash.mail_sender import MailSender
from tests.crash.process import RouterProcess
from tests.crash.relay import Relay
from tests.crash.shop import Shop, open_shop
from tests.crash.trigger import Trigger
from tests.crash.verdict import Row, judge, read_store, too_many_copies
from tests.crash.visitor import Visitor

INSIDE = ("K1", "K2", "K3", "K5", "K6", "K7", "K12", "K13", "K14", "K16", "K17")
OUTSIDE = ("K4", "K15")
RANDOM = "random"
POINTS = ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K12", "K13", "K14", "K15", "K16", "K17", RANDOM)

EARLIER_PASSES = {"K2": 6}
"""Commits the start of the router makes before the first message."""

MAILS_PER_CASE = 2
LINES_PER_CASE = 2
DEATH_WITHIN_S = 240.0
RANDOM_DEATH_S = (0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One death: where, at the n-th pass, under how many new matters."""

    point: str
    nth: int
    mail_cases: int
    chat_cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a campaign found; `ok` when nothing is wrong."""

    rows: Sequence[Row]
    findings: Sequence[str]
    start_times_s: Sequence[float]

    @property
    def ok(self) -> bool:
        """Say whether every promise was kept."""
        return not self.findings


class Campaign:
    """One router process and everybody who talks to it."""

    def __init__(self, shop: Shop, random_source: random.Random, *, warm: bool) -> None:
        self._shop = shop
        self._random = random_source
        self._router = RouterProcess(shop.config, shop.url, shop.log, warm=warm)
        trigger = self._trigger = Trigger(self._router.kill)
        self._relay = Relay(trigger)
        self._mails = MailSender(shop.smtp_port, trigger)
        self._agent = Agent(shop.url, shop.token)
        self._visits: list[asyncio.Task[None]] = []
        self._cases: list[Case] = []
        self._kills: Counter[str] = Counter()
        self._findings: list[str] = []

    async def run(self, plan: Sequence[Kill], *, drain_s: float) -> Report:
        """Kill by plan, then let everything come to rest and judge."""
        connector = aiohttp.TCPConnector(limit=0)
        try:
            async with (
                self._relay.listening(self._shop.relay_port),
                _running(self._mails, self._agent),
                aiohttp.ClientSession(connector=connector) as client,
            ):
                for kill in plan:
                    await self._die(client, kill)
                self._router.start()
                await self._router.ready()
                return await self._come_to_rest(drain_s)
        finally:
            self._router.kill()
            for visit in self._visits:
                visit.cancel()

    async def _die(self, client: aiohttp.ClientSession, kill: Kill) -> None:
        """Start the router, give it work, and wait until it is dead."""
        self._router.start(f"{kill.point}:{kill.nth}" if kill.point in INSIDE else "")
        if kill.point in OUTSIDE:
            self._trigger.arm(kill.point, kill.nth)
        self._add_work(client, kill)
        if kill.point == RANDOM:
            await self._router.ready()
            await asyncio.sleep(self._random.uniform(*RANDOM_DEATH_S))
            self._router.kill()
        if await self._router.ended(DEATH_WITHIN_S):
            self._kills[kill.point] += 1
        else:
            self._findings.append(f"{kill.point}:{kill.nth} was not reached in {DEATH_WITHIN_S:.0f} s")
            self._router.kill()
            await self._router.ended(DEATH_WITHIN_S)

    def _add_work(self, client: aiohttp.ClientSession, kill: Kill) -> None:
        first = len(self._cases)
        for number in range(first, first + kill.mail_cases):
            case = mail_case(kill.point, number, MAILS_PER_CASE)
            self._cases.append(case)
            self._mails.add(case)
        for number in range(first + kill.mail_cases, first + kill.mail_cases + kill.chat_cases):
            case = chat_case(kill.point, number, LINES_PER_CASE)
            self._cases.append(case)
            visitor = Visitor(self._shop.url, case)
            self._visits.append(asyncio.create_task(visitor.run(client)))

    async def _come_to_rest(self, drain_s: float) -> Report:
        """Wait until all is accepted, answered and sent; what is still open then is a finding."""
        deadline = time.monotonic() + drain_s
        async with Store.open(self._shop.store_url) as store:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(drain_s):
                    await asyncio.gather(self._mails.finished(), *self._visits)
            stored = await read_store(store)
            while stored.unfinished and time.monotonic() < deadline:
                await asyncio.sleep(0.1)
                stored = await read_store(store)
        if stored.unfinished:
            self._findings.append(f"{stored.unfinished} things are still open after {drain_s:.0f} s")
        rows = judge(self._cases, self._kills, stored, self._relay.copies)
        self._findings += [f"{row.point}: {finding}" for row in rows for finding in row.findings]
        self._findings += too_many_copies(rows)
        self._findings += [f"two answers for one key: {key}" for key in self._agent.contradictions]
        waiting = sum(row.sent - row.accepted for row in rows)
        if waiting:
            self._findings.append(f"{waiting} messages were never accepted")
        return Report(rows=rows, findings=self._findings, start_times_s=self._router.start_times_s)


async def run_campaign(
    folder: Path, store_url: str, plan: Sequence[Kill], *, seed: int, warm: bool, drain_s: float = 240.0
) -> Report:
    """Run a whole campaign on an empty store."""
    shop = await open_shop(folder, store_url)
    return await Campaign(shop, random.Random(seed), warm=warm).run(plan, drain_s=drain_s)


def plan_of(points: Sequence[str], kills: int, messages: int, seed: int) -> list[Kill]:
    """Spread `messages` per point over its kills; about a third comes by chat."""
    source = random.Random(seed)
    chats = max(1, messages // kills // LINES_PER_CASE // 3)
    mails = max(1, (messages // kills - chats * LINES_PER_CASE) // MAILS_PER_CASE)
    latest = max(1, min(mails, chats * LINES_PER_CASE) // 2)
    return [
        Kill(
            point=point,
            nth=EARLIER_PASSES.get(point, 0) + source.randint(1, latest),
            mail_cases=mails,
            chat_cases=chats,
        )
        for point in points
        for _ in range(kills)
    ]


@asynccontextmanager
async def _running(mails: MailSender, agent: Agent) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(mails.run()), asyncio.create_task(agent.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
