"""Tasks as work: offered, tried, closed, over, and there again after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from router.calls import CallDirection, CallOutcome
from router.channel import ChannelType
from router.engine.rules import load_ruleset
from router.engine.rules.stage import RulesInForce
from router.errors import (
    NotAllowedNow,
    Permanent,
    RoutingError,
    StaleVersion,
    UnknownOutcome,
)
from router.messages import Receipt, SendOutcome
from router.model.calls import TaskKind
from router.model.tasks import NewTask
from router.queues import Queues
from router.storage import schema as t
from router.storage.store import Store
from router.tasks import Tasks
from router.testing import FakeClock
from router.threads import Action, ActionKind
from tests.integration.house import NOW, Doors, House, house
from tests.integration.notes_channel import notes_type
from tests.integration.test_calls import NUMBER, a_call, answered, told
from tests.integration.test_intake import RULES

HOUR_S = 3600.0
BOTH = pytest.mark.parametrize("engine_name", ["sqlite", "postgres"], indirect=True)


@dataclass
class Phones:
    """Channels that make calls, or refuse with what `refusal` says."""

    originates: bool = True
    refusal: Exception | None = None
    acts: list[tuple[str, Action]] = field(default_factory=list)

    def kind(self, account: str) -> ChannelType:
        kind = notes_type()
        return replace(kind, capabilities=replace(kind.capabilities, channel_class="phone"))

    def can(self, account: str, act: ActionKind) -> bool:
        return self.originates

    def callable_accounts(self) -> Sequence[str]:
        return ["notes"]

    async def act(self, account: str, action: Action) -> Receipt:
        self.acts.append((account, action))
        if self.refusal is not None:
            raise self.refusal
        return Receipt(outcome=SendOutcome.ACCEPTED)


@dataclass
class Desk:
    """The house with its tasks room."""

    rooms: House
    tasks: Tasks
    phones: Phones

    @property
    def mei(self) -> str:
        return self.rooms.agents["mei"]

    async def call(self, *calls: Any) -> str:
        """Let calls be told of, and the engine hear what came of it."""
        before = len(self.rooms.front.filed)
        places = await self.rooms.front.take(*(told(one, at=self.rooms.clock.now()) for one in calls))
        self.rooms.notices.filed(self.rooms.front.filed[before:])
        await self.rooms.room.take_up()
        return places[-1]

    async def task(self, **where: object) -> Any:
        (row,) = await self.rooms.front.rows(t.task, **where)
        return row

    async def work(self) -> Any:
        (row,) = await self.rooms.front.rows(t.work_item)
        return row

    async def attempts(self) -> list[tuple[str, bool]]:
        rows = await self.rooms.front.rows(t.task_attempt)
        return [(row.state, row.call_id is not None) for row in rows]

    async def held(self) -> str:
        """Give the conversation of a missed call that mei has accepted."""
        await self.rooms.offers.set_presence(self.mei, "available")
        conversation = await self.call(a_call("1"))
        offer = await self.rooms.offered(conversation)
        assert offer is not None
        await self.rooms.offers.accept(offer[0], self.mei)
        return conversation


@asynccontextmanager
async def desk_in(store: Store, clock: FakeClock) -> AsyncIterator[Desk]:
    phones = Phones()
    ruleset = load_ruleset(RULES, source="test", lists={})
    queues = Queues(clock, lambda: RulesInForce(version=1, ruleset=ruleset), lambda account: "en")
    async with house(store, clock, Doors()) as rooms:
        tasks = Tasks(
            store, clock, rooms.room, phones, queues.work_item, rooms.notices.filed, rooms.notices.tasks
        )
        yield Desk(rooms, tasks, phones)


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name SQLite, or the engine a test asks for with `BOTH`."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    async with desk_in(store, FakeClock(NOW)) as opened:
        yield opened


async def a_task(desk: Desk, due_at: datetime = NOW, **known: Any) -> str:
    """Let a customer write, be answered for good, and an agent promise to call."""
    conversation = await desk.rooms.accepted()
    await desk.rooms.offers.resolve(conversation, desk.mei, 1)
    new = NewTask(
        kind=known.pop("kind", TaskKind.CALL_BACK),
        conversation_id=conversation,
        number="+44 20 7946 0018",
        due_at=due_at,
        **known,
    )
    return await desk.tasks.make(new, desk.mei)


@BOTH
async def test_an_unanswered_call_is_offered_and_its_answer_takes_the_offer_back(desk: Desk) -> None:
    await desk.rooms.offers.set_presence(desk.mei, "available")
    conversation = await desk.call(a_call("1"))
    assert await desk.rooms.offered(conversation) is not None
    await desk.call(answered("2", 5))
    assert await desk.rooms.offered(conversation) is None
    assert [row.state for row in await desk.rooms.front.rows(t.offer)] == ["rescinded"]
    acts = {row.act for row in await desk.rooms.front.rows(t.decision_record)}
    assert {"rescinded", "withdrawn"} <= acts


async def test_the_claim_ends_with_the_call_and_the_promise_is_kept(desk: Desk) -> None:
    await desk.held()
    await desk.call(answered("2", 5, direction=CallDirection.OUTBOUND))
    (claim,) = await desk.rooms.front.rows(t.claim)
    assert (claim.state, claim.reason) == ("completed", "answered")
    assert (await desk.work()).state == "done"
    acts = [row.act for row in await desk.rooms.front.rows(t.decision_record)]
    assert "completed" in acts
    # mei is free again: the next call is offered to her
    later = await desk.call(a_call("3", 30, customer_e164="+4930111111"))
    offer = await desk.rooms.offered(later)
    assert offer is not None
    assert offer[1] == "mei"


async def test_closing_by_hand_ends_the_work_and_only_once(desk: Desk) -> None:
    conversation = await desk.held()
    task = await desk.task()
    await desk.tasks.close(task.id, desk.mei, "wrote an e-mail instead")
    await desk.rooms.room.take_up()
    closed = await desk.task()
    assert (closed.state, closed.closed_by, closed.closed_reason) == (
        "done",
        desk.mei,
        "wrote an e-mail instead",
    )
    (shown,) = await desk.rooms.front.rows(t.conversation, id=conversation)
    assert shown.state == "resolved"
    with pytest.raises(StaleVersion):
        await desk.tasks.close(task.id, desk.mei, "again")
    # told of once more, the same call asks for nothing new; a later one does
    await desk.call(a_call("1", version=4, ring_s=9.0))
    assert [row.state for row in await desk.rooms.front.rows(t.task)] == ["done"]
    await desk.call(a_call("2", 30))
    assert sorted(row.state for row in await desk.rooms.front.rows(t.task)) == ["done", "open"]


@BOTH
async def test_a_router_that_ended_before_the_engine_heard_of_it_takes_nothing_up_again(store: Store) -> None:
    clock = FakeClock(NOW)
    async with desk_in(store, clock) as desk:
        await desk.rooms.offers.set_presence(desk.mei, "available")
        await desk.call(a_call("1"))
        # told to the store, not to the engine
        await desk.rooms.front.take(told(answered("2", 5)))
    async with desk_in(store, clock) as desk:
        assert [row.state for row in await desk.rooms.front.rows(t.offer)] == ["rescinded"]
        assert (await desk.work()).state == "done"


@BOTH
async def test_a_task_becomes_work_when_it_is_due_also_after_a_restart(store: Store) -> None:
    clock = FakeClock(NOW)
    async with desk_in(store, clock) as desk:
        await a_task(desk, NOW + timedelta(hours=3), reason="refund arrived?", script="Ask for the bank.")
        await desk.tasks.take_up()
        assert [row.state for row in await desk.rooms.front.rows(t.work_item)] == ["done"]
    clock.advance(3 * HOUR_S)
    async with desk_in(store, clock) as desk:
        await desk.tasks.take_up()
        (work,) = await desk.rooms.front.rows(t.work_item, state="waiting")
        assert (work.channel_class, work.preferred_agent_id) == ("phone", desk.mei)
        task = await desk.task()
        assert (task.episode_id, task.number, task.dial) == (work.episode_id, NUMBER, "+44 20 7946 0018")
        kinds = {row.kind for row in await desk.rooms.front.rows(t.message)}
        assert {"task_made", "task_due"} <= kinds


async def test_a_task_of_an_open_conversation_joins_its_work_and_leaves_it_open(desk: Desk) -> None:
    conversation = await desk.rooms.accepted()
    new = NewTask(kind=TaskKind.CALL_BACK, conversation_id=conversation, number=NUMBER, due_at=NOW)
    task_id = await desk.tasks.make(new, desk.mei)
    await desk.tasks.take_up()
    assert (await desk.work()).state == "claimed"
    await desk.tasks.tell_try(task_id, desk.mei, reached=True)
    assert (await desk.task()).state == "done"
    # the customer has written: that is not answered by the call
    assert (await desk.work()).state == "claimed"


async def test_an_answered_call_ends_a_task_an_agent_made_and_a_follow_up_only_once_it_is_due(
    desk: Desk,
) -> None:
    await a_task(desk, kind=TaskKind.FOLLOW_UP, due_at=NOW + timedelta(hours=1))
    await desk.call(answered("1", 10))
    assert (await desk.task()).state == "open"
    await desk.call(answered("2", 70))
    assert (await desk.task()).state == "done"


async def test_as_many_tries_as_the_task_allows_end_it(desk: Desk) -> None:
    await desk.held()
    task = await desk.task()
    for _ in range(3):
        assert (await desk.task()).state == "open"
        desk.rooms.clock.advance(HOUR_S / 3)
        await desk.tasks.tell_try(task.id, desk.mei, reached=False, detail="engaged")
    await desk.rooms.room.take_up()
    over = await desk.task()
    assert (over.state, over.closed_reason, over.attempts) == ("expired", "attempts", 3)
    assert (await desk.work()).state == "done"


@BOTH
async def test_a_try_and_the_record_of_its_call_are_counted_once(desk: Desk) -> None:
    await desk.held()
    task = await desk.task()
    await desk.tasks.tell_try(task.id, desk.mei, reached=False)
    out = a_call("out", 1, direction=CallDirection.OUTBOUND)
    await desk.call(out)
    await desk.call(replace(out, version=2, ring_s=20.0))
    assert await desk.attempts() == [("not_reached", True)]
    desk.rooms.clock.advance(HOUR_S / 2)
    await desk.call(a_call("out-2", 30, CallOutcome.BUSY, direction=CallDirection.OUTBOUND))
    await desk.tasks.tell_try(task.id, desk.mei, reached=False)
    assert (await desk.task()).attempts == 2


async def test_calls_before_the_customer_asked_for_one_are_no_tries(desk: Desk) -> None:
    out = [a_call(f"out-{n}", -n, direction=CallDirection.OUTBOUND) for n in range(1, 4)]
    await desk.call(*out, a_call("1"))
    assert ((await desk.task()).state, await desk.attempts()) == ("open", [])


async def test_a_call_the_router_makes_is_confirmed_by_its_record(desk: Desk) -> None:
    await desk.held()
    task = await desk.task()
    attempt = await desk.tasks.call(task.id, desk.mei, "4001")
    ((account, action),) = desk.phones.acts
    assert (account, action.kind, action.recipient, action.agent) == (
        "notes",
        ActionKind.ORIGINATE,
        NUMBER,
        "4001",
    )
    assert action.ref == attempt
    assert await desk.attempts() == [("calling", False)]
    await desk.call(answered("out", 1, direction=CallDirection.OUTBOUND, attempt_ref=attempt))
    assert await desk.attempts() == [("reached", True)]
    assert (await desk.task()).state == "done"


async def test_a_call_that_could_not_be_made_says_so_and_one_in_doubt_waits_for_its_record(
    desk: Desk,
) -> None:
    await desk.held()
    task = await desk.task()
    desk.phones.refusal = Permanent("no such line", code="404")
    with pytest.raises(Permanent):
        await desk.tasks.call(task.id, desk.mei, "9")
    desk.phones.refusal = UnknownOutcome("cut")
    with pytest.raises(UnknownOutcome):
        await desk.tasks.call(task.id, desk.mei, "4001")
    assert [state for state, _ in await desk.attempts()] == ["failed", "calling"]
    desk.phones.originates = False
    with pytest.raises(NotAllowedNow, match="dial the number by hand"):
        await desk.tasks.call(task.id, desk.mei, "4001")


@BOTH
async def test_a_task_whose_time_is_over_ends_with_its_work(desk: Desk) -> None:
    await desk.call(a_call("1"))
    desk.rooms.clock.advance(72 * HOUR_S)
    await desk.tasks.take_up()
    await desk.rooms.room.take_up()
    assert ((await desk.task()).state, (await desk.work()).state) == ("expired", "done")
    # what is settled stays so, whatever is told of it later
    await desk.call(a_call("1", version=2))
    assert (await desk.task()).state == "expired"


async def test_a_call_back_without_a_number_is_refused(desk: Desk) -> None:
    conversation = await desk.rooms.conversation()
    new = NewTask(kind=TaskKind.CALL_BACK, conversation_id=conversation, due_at=NOW)
    with pytest.raises(RoutingError, match="needs a number"):
        await desk.tasks.make(new, desk.mei)
