"""The rooms from intake to dispatch, without listeners: what a measurement of the inner path needs.

In: a store's URL, accounts, a number of agents. Out: running rooms to bring raw items to.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from router.clock import Clock, SystemClock
from router.config import Account
from router.decoding import decoder_of
from router.doors import Doors
from router.engine.decisions import Act, Decision
from router.engine.roster import load_roster
from router.engine.rules.stage import RulesInForce
from router.engine_room import EngineRoom
from router.filing import FilingRoom
from router.intake import Intake
from router.messages import RawInbound
from router.model.filing import Filed
from router.offers import Offers
from router.queues import Queues
from router.routing_setup import put_in_force, put_on_staff
from router.rules_files import DEFAULT_RULES, read_rules
from router.storage import schema as t
from router.storage.store import Store
from router.storage.upgrade import upgrade_database

CLAIMS_PER_AGENT = 100


@dataclass(slots=True, kw_only=True)
class Rooms:
    """Running rooms; `offered` counts the offers dispatch has made, `progress` is set by each."""

    store: Store
    clock: Clock
    intake: Intake
    filing: FilingRoom
    offers: Offers
    doors: Doors
    agent_ids: Sequence[str]
    progress: asyncio.Event = field(default_factory=asyncio.Event)
    offered: int = 0
    opened: int = 0

    async def take(self, account: str, raw: RawInbound) -> str:
        """Bring one item in and wait until it is filed; give its conversation."""
        [result] = await self.intake.accept(account, [raw])
        filed = await self.filing.filed(result.inbound_id)
        return filed[0].conversation_id if filed else ""

    async def all_assigned(self) -> None:
        """Wait until every opened conversation has been offered to somebody."""
        while self.offered < self.opened:
            self.progress.clear()
            await self.progress.wait()


@asynccontextmanager
async def open_rooms(
    url: str, accounts: Sequence[Account], *, agents: int = 0, durable: bool = True
) -> AsyncIterator[Rooms]:
    """Run the rooms until the block ends."""
    clock = SystemClock()
    await upgrade_database(url)
    async with Store.open(url, durable=durable) as store:
        rules = await _prepare(store, clock, agents)
        decoder = decoder_of(accounts)
        doors = Doors(accounts, store, decoder, clock)
        rooms: Rooms

        def decided(decisions: Sequence[Decision]) -> None:
            rooms.offered += sum(decision.act is Act.OFFERED for decision in decisions)
            rooms.progress.set()

        def filed(results: Sequence[Filed]) -> None:
            rows = [row for result in results for row in result.work_items]
            rooms.opened += len(rows)
            engine_room.enqueue(rows)

        engine_room = EngineRoom(store, clock, rules, decided)
        offers = Offers(store, clock, engine_room, lambda: rules.engine_config.capacity.classes)
        queues = Queues(clock, lambda: rules, doors.language)
        filing = FilingRoom(store, clock, queues.work_item, filed)
        intake = Intake(store, clock, decoder, doors.kind, filing)
        rooms = Rooms(
            store=store,
            clock=clock,
            intake=intake,
            filing=filing,
            offers=offers,
            doors=doors,
            agent_ids=await _agent_ids(store),
        )
        await engine_room.restore()
        await _begin_work(rooms)
        async with _running(intake.run, engine_room.run):
            yield rooms
        await decoder.close()


async def _prepare(store: Store, clock: Clock, agents: int) -> RulesInForce:
    default = read_rules(DEFAULT_RULES)
    light = f"{{cost: 1, max: {CLAIMS_PER_AGENT}}}"
    source = replace(default, text=re.sub(r"\{cost: \d+, max: \d+\}", light, default.text))
    rules = await put_in_force(store, source, "bench", clock.now())
    if agents:
        await put_on_staff(store, load_roster(roster(agents), source="roster"), clock.now())
    return rules


def roster(agents: int) -> str:
    """Write a roster of so many agents, each with room for much work."""
    limits = f"units: {100 * CLAIMS_PER_AGENT}, max_claims: {CLAIMS_PER_AGENT}"
    lines = [f"  agent-{number}: {{{limits}}}" for number in range(agents)]
    return "\n".join(["agents:", *lines, ""])


async def _begin_work(rooms: Rooms) -> None:
    for agent_id in rooms.agent_ids:
        await rooms.offers.set_presence(agent_id, "available")


async def _agent_ids(store: Store) -> list[str]:
    async with store.reading() as connection:
        return list((await connection.execute(select(t.agent.c.id))).scalars())


@asynccontextmanager
async def _running(*services: Callable[[], object]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(service()) for service in services]  # type: ignore[call-overload]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
