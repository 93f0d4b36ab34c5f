"""Whatever order calls are told in, twice or across restarts, the tasks are those of a plain model."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count, groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.calls import Call, CallDirection, CallOutcome, CallState
from router.model.calls import CallBackTerms
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.test_calls import NOW, told
from tests.integration.test_intake import running

_serial = count()
TRIED_FOR_EVER = CallBackTerms(attempt_limit=0)
MISSES = (CallOutcome.MISSED, CallOutcome.ABANDONED, CallOutcome.VOICEMAIL, CallOutcome.BUSY)


@dataclass(frozen=True)
class Plain:
    """One call of the model: which number, when, and what it came to."""

    number: int
    minute: int
    outcome: CallOutcome
    direction: CallDirection = CallDirection.INBOUND
    account: str = "notes"

    @property
    def at(self) -> datetime:
        return NOW + timedelta(minutes=self.minute)


plain_calls = st.builds(
    Plain,
    number=st.integers(0, 1),
    minute=st.integers(-600, 90),
    outcome=st.sampled_from([*MISSES, CallOutcome.ANSWERED, CallOutcome.ANSWERED, CallOutcome.FAILED]),
    direction=st.sampled_from([CallDirection.INBOUND, CallDirection.INBOUND, CallDirection.OUTBOUND]),
    account=st.sampled_from(["notes", "other"]),
)


def expected(calls: Sequence[Plain]) -> dict[int, int]:
    """Say how many calls each number's open task is for: those after the last time somebody answered."""
    counters = {}
    for number in {call.number for call in calls}:
        mine = [call for call in calls if call.number == number]
        spoken = [call.minute for call in mine if call.outcome is CallOutcome.ANSWERED]
        waiting = [
            call
            for call in mine
            if call.outcome in MISSES
            and call.direction is CallDirection.INBOUND
            and call.minute > max(spoken, default=-1000)
        ]
        if waiting:
            counters[number] = len(waiting)
    return counters


def facts_of(call: Plain, key: str, number: str) -> list[Call]:
    """Give what a source tells of one call: that it rings, how it ended, and a word more about it."""
    ringing = Call(
        key=key,
        source="pbx",
        direction=call.direction,
        customer_e164=number,
        started_at=call.at,
        state=CallState.RINGING,
        version=1,
    )
    ended = replace(
        ringing,
        state=CallState.ENDED,
        outcome=call.outcome,
        answered_at=call.at if call.outcome is CallOutcome.ANSWERED else None,
        version=2,
    )
    return [ringing, ended, replace(ended, cause="16", customer_e164="", version=3)]


async def outcome(
    path: Path, batches: Sequence[Sequence[tuple[str, Call]]]
) -> tuple[dict[str, int], int, int]:
    """Give the counters of open tasks by number, and how many messages and live work items there are."""
    async with Store.open(f"sqlite:///{path}") as store:
        for batch in batches:
            async with running(
                store, clock=FakeClock(NOW + timedelta(hours=2)), terms=TRIED_FOR_EVER
            ) as front:
                accepted = []
                for account, together in groupby(batch, lambda one: one[0]):
                    accepted += await front.intake.accept(account, [told(fact) for _, fact in together])
                for result in accepted:
                    await front.filing.filed(result.inbound_id)
        tasks = await front.rows(t.task, state="open")
        live = [row for row in await front.rows(t.work_item) if row.state != "done"]
        calls = await front.rows(t.message, kind="call")
        return {task.number: task.counter for task in tasks}, len(calls), len(live)


@pytest.mark.timeout(600)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(plain_calls, min_size=1, max_size=5, unique_by=lambda one: one.minute), data=st.data())
def test_tasks_are_those_of_the_model_in_any_order_and_across_restarts(
    upgraded_sqlite: Path, tmp_path: Path, calls: list[Plain], data: st.DataObject
) -> None:
    numbers = {0: "+4930100000", 1: "+4930200000"}
    facts = [
        (call.account, fact)
        for place, call in enumerate(calls)
        for fact in facts_of(call, f"call-{place}", numbers[call.number])
    ]
    again = data.draw(st.lists(st.sampled_from(facts), max_size=3))
    order = data.draw(st.permutations([*facts, *again]))
    cut = data.draw(st.integers(1, len(order)))
    path = tmp_path / f"{next(_serial)}.db"
    shutil.copy(upgraded_sqlite, path)
    batches = [batch for batch in (order[:cut], order[cut:]) if batch]
    counters, messages, live = asyncio.run(outcome(path, batches))
    wanted = {numbers[number]: counter for number, counter in expected(calls).items()}
    assert counters == wanted
    assert live == len(wanted)
    assert messages == len(calls)
