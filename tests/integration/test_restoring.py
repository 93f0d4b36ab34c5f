"""A router that was killed goes on like one that ran on: what the store keeps is all an engine has to know.

A generated busy day is lived through the rooms. At several points an engine is built from the store, as a
start would; it is told what the first one was told from there on, and has to decide the same, word for word.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from router.engine.engine import Engine
from router.engine.event_json import from_json
from router.engine.events import ClockTick, Event
from router.engine.rules import load_ruleset
from router.errors import RouterError
from router.people import AgentProfile
from router.storage import schema as t
from router.storage.staff import restoring_events
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house

RULES = """
version: 1
skills: {complaints: {kind: craft}, refunds: {kind: craft}, lang-zh: {kind: language}}
sla_policies:
  quick: {first_response: 3m, next_response: 4m, resolution: 30m, lead: 30s, pauses: [customer]}
queues:
  complaints: {offer_timeout: 20s, share: 2/3}
  service: {offer_timeout: 25s, overflow: {to: spare, when_waiting: 5, back_at: 2}, affinity: 90s, thin_staff: 2}
  spare: {offer_timeout: 15s}
capacity:
  units: 100
  classes: {chat: {cost: 30, max: 3}, email: {cost: 30, max: 3}}
  dormant: 0.25
  ramp: {items: 2, per: 40s}
  slow_start: {for: 3m, items: 1, per: 60s}
offers: {reject: 20s, busy: 45s, no_answer: 30s, max_unanswered: 2, ask_again: 50s}
leases:
  email: {nudge: 2m, supervisor: 4m, hand_back: 6m, absent: 50s}
  chat: {nudge: 2m, supervisor: 4m, hand_back: 6m, absent: 50s}
incidents:
  strike: {overflow: [service], relax: [refunds], reserve: {complaints: 30}, lasts: 5m}
rules:
  - name: complaint
    when: message.text.contains("complain")
    set: {queue: complaints, boost: 10m, sla: quick, needs: [{require: complaints, level: 2}]}
  - name: refund
    when: message.text.contains("refund")
    set: {needs: [{prefer: refunds, grade: 2, drop_after: 80s}]}
  - {name: chinese, when: message.text.contains("zh"), set: {needs: [{require: lang-zh}]}}
  - {name: all, when: "true", set: {queue: service, sla: quick}}
"""
PEOPLE = [
    AgentProfile(login="mei", name="Mei", skills={"complaints": 3, "lang-zh": 5}),
    AgentProfile(login="tom", name="Tom", skills={"complaints": 2, "refunds": 3}, max_claims=3),
    AgentProfile(login="ada", name="Ada", skills={"refunds": 1}, queues=frozenset({"service", "spare"})),
    AgentProfile(
        login="bo",
        name="Bo",
        skills={"lang-zh": 2, "refunds": 2},
        expires={"refunds": NOW + timedelta(minutes=40)},
    ),
]
TEXTS = ("hello", "I complain", "a refund please", "refund, zh please", "zh, I complain", "where is it?")
SEED = 2


@dataclass(frozen=True)
class Restored:
    """An engine built from the store after so many events and decisions."""

    engine: Engine
    step: int
    events: int
    decisions: int


def _by_id(row: Any) -> str:
    return str(row.id)


class Day:
    """People at random, with a seed."""

    def __init__(self, desk: House, seed: int) -> None:
        self.desk = desk
        self.random = Random(seed)

    async def step(self) -> None:
        """Let some time pass and somebody do something; what comes too late is no matter."""
        self.desk.clock.advance(self.random.choice([0.25, 3, 8, 11, 20, 31]))
        await self.desk.room.take_up()
        acts = [self.write] * 5 + [self.answer] * 9 + [self.serve] * 4 + [self.be] * 3 + [self.steer] * 2
        with suppress(RouterError):
            await self.random.choice(acts)()
        await self.desk.room.take_up()

    async def write(self) -> None:
        sender = f"{self.random.randrange(14)}@shop.example"
        await self.desk.conversation(self.random.choice(TEXTS), sender)

    async def answer(self) -> None:
        offers = await self.desk.front.rows(t.offer)
        open_offers = sorted((one for one in offers if one.state in ("pending", "accepting")), key=_by_id)
        if not open_offers:
            return
        offer, random, offers_room = self.random.choice(open_offers), self.random.random(), self.desk.offers
        if random < 0.6:
            await offers_room.accept(offer.id, offer.agent_id)
        elif random < 0.8:
            await offers_room.reject(offer.id, offer.agent_id, self.random.choice(["", "busy", "lunch"]))
        elif random < 0.9 and offer.state == "pending":
            await offers_room.set_up(offer.id, offer.agent_id)
        elif offer.state == "accepting":
            await offers_room.fail(offer.id, offer.agent_id, "line dead")

    async def serve(self) -> None:
        claims = sorted(await self.desk.front.rows(t.claim, state="active"), key=_by_id)
        if not claims:
            return
        claim = self.random.choice(claims)
        (item,) = await self.desk.front.rows(t.work_item, id=claim.work_item_id)
        mine = (item.conversation_id, claim.agent_id, claim.token)
        random = self.random.random()
        if random < 0.45:
            await self.desk.replies.reply(*mine, "an answer")
        elif random < 0.75:
            await self.desk.offers.resolve(*mine)
        elif random < 0.85:
            await self.desk.offers.put_back(*mine)
        elif random < 0.95:
            whom = self.random.choice(list(self.desk.agents.values()))
            await self.desk.offers.transfer(*mine, queue=None, to_agent_id=whom, note="")
        else:
            await self.desk.offers.transfer(*mine, queue="spare", to_agent_id=None, note="")

    async def be(self) -> None:
        whom = self.random.choice(list(self.desk.agents.values()))
        state = self.random.choice(["available"] * 5 + ["busy", "away", "offline"])
        await self.desk.offers.set_presence(whom, state)

    async def steer(self) -> None:
        works = sorted(await self.desk.front.rows(t.work_item), key=_by_id)
        live = [one for one in works if one.state != "done"]
        who = self.random.choice(list(self.desk.agents.values()))
        random, steering, now = self.random.random(), self.desk.steering, self.desk.clock.now()
        if random < 0.25:
            since = now + timedelta(seconds=self.random.choice([10, 90]))
            await steering.plan_absence(who, since, since + timedelta(minutes=3), "dentist", planned_by=who)
        elif random < 0.45:
            await steering.start_incident("strike", None, started_by=who)
        elif live and random < 0.7:
            conversation = self.random.choice(live).conversation_id
            await steering.prioritise(conversation, self.random.choice([0, 300]), "asked", agent_id=who)
        elif live and random < 0.85:
            await self.desk.offers.claim(self.random.choice(live).conversation_id, who)
        elif live:
            await steering.pause(self.random.choice(live).conversation_id, "warehouse", agent_id=who)


async def restored(desk: House, step: int) -> Restored:
    """Build an engine from the store as a start at this moment would."""
    config = desk.room._in_force.engine_config
    async with desk.front.store.reading() as connection:
        events = await restoring_events(connection, desk.clock.now(), config)
    engine = Engine(config, 1)
    made = [decision for event in events for decision in engine.apply(event)]
    new = [decision.record for decision in made if not decision.repeats]
    assert new == [], f"a restart at step {step} changes something"
    counts = [len(await desk.front.rows(table)) for table in (t.event_log, t.decision_record)]
    return Restored(engine, step, *counts)


def goes_on(start: Restored, events: list[Event], recorded: list[Any]) -> None:
    """Compare what the restored engine decides with what the one that ran on did.

    `blocked` only explains, and only when something changed since the engine looked last; the alarm of
    reachability looks at who is there from the start on.
    """
    made = [decision for event in events[start.events :] for decision in start.engine.apply(event)]
    after = [msgspec.json.decode(msgspec.json.encode(decision.record)) for decision in made]
    expected = recorded[start.decisions :]
    found, wanted = (
        [one for one in records if one["act"] not in ("blocked", "reachability")]
        for records in (after, expected)
    )
    for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
        assert one == other, f"decision {number} after the restart at step {start.step}"


@pytest.mark.parametrize("steps", [130, pytest.param(400, marks=pytest.mark.long)])
async def test_router_killed_at_any_point_of_a_busy_day_goes_on_like_one_that_ran_on(
    store: Store, steps: int
) -> None:
    config = load_ruleset(RULES, source="rules.yaml", lists={}).engine_config
    async with house(store, FakeClock(NOW), Doors(), config, rules=RULES, agents=PEOPLE) as desk:
        day, starts = Day(desk, SEED), []
        kills = set(Random(SEED).sample(range(20, steps - 10), steps // 20))
        for step in range(steps):
            await day.step()
            if step in kills:
                starts.append(await restored(desk, step))
        log = [row.body for row in sorted(await desk.front.rows(t.event_log), key=lambda row: row.seq)]
        records = sorted(await desk.front.rows(t.decision_record), key=lambda row: row.id)
        recorded = [row.body for row in records]
    # the first entry says only what the engine was built from
    events = [ClockTick(at=NOW), *(from_json(body) for body in log[1:])]
    acts = {record["act"] for record in recorded}
    assert {"expired", "rejected", "put_back", "moved", "overflow", "incident", "away"} <= acts
    for start in starts:
        goes_on(start, events, recorded)
