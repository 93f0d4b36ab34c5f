"""A desk with promises, and days played on it, with the books a store would keep; for tests of the clocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from router.engine.calendars import Calendar, public_holidays
from router.engine.config import EngineConfig, LeaseConfig, Metric, QueueConfig, SlaPolicy
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    ClaimEnded,
    ClaimOutcome,
    ClaimRestored,
    ClaimTaken,
    ClockRestored,
    ClockTick,
    CustomerWrote,
    Event,
    Item,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    Replied,
)

HOUR = 3600.0
FIRST, NEXT, SOLVED = Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.RESOLUTION
SHANGHAI = ZoneInfo("Asia/Shanghai")
SHOP = Calendar(
    zone=SHANGHAI,
    week=[[(9 * 60, 12 * 60), (13 * 60, 18 * 60)]] * 5 + [[], []],
    holidays=public_holidays("CN"),
)
POLICIES: Mapping[str, SlaPolicy] = {
    "chat": SlaPolicy(targets_s={FIRST: 60, NEXT: 120, SOLVED: 8 * HOUR}, lead_s=30),
    "shop": SlaPolicy(
        calendar=SHOP,
        targets_s={FIRST: HOUR, NEXT: 2 * HOUR, SOLVED: 16 * HOUR},
        by_class={"chat": {FIRST: 600}},
        pauses=frozenset({"customer"}),
        lead_s=600,
    ),
    "urgent": SlaPolicy(targets_s={FIRST: 900, NEXT: 900}, lead_s=1800),
    "vip": SlaPolicy(targets_s={FIRST: 2 * HOUR}, steps=(80, 100, 150)),
}


PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


MONDAY = local("2026-03-02T10:00")


def item(id: str = "i", at: datetime = MONDAY, sla: tuple[str, ...] = ("shop",), **more: Any) -> Item:
    fields: dict[str, Any] = {"channel_class": "email", "arrival": 0, "queue": "q"} | more
    return Item(id=id, conversation_id=f"c-{id}", eligible_since=at, sla=sla, **fields)


class Desk:
    """An engine and everything it said of promises, with the rows a store would keep."""

    def __init__(self, policies: Mapping[str, SlaPolicy] = POLICIES) -> None:
        self.config = EngineConfig(
            default=QueueConfig(max_advance_s=8 * HOUR),
            leases={"chat": PATIENT, "email": PATIENT},
            sla=policies,
        )
        self.engine = Engine(self.config, seed=1)
        self.said: list[Decision] = []

    def do(self, *events: Event) -> list[Decision]:
        found = [decision for event in events for decision in self.engine.apply(event)]
        self.said += found
        return found

    def wait_until(self, at: datetime) -> list[Decision]:
        """Tick whenever the engine asks for it, as the rooms do."""
        found = []
        while (due_at := self.engine.next_due()) is not None and due_at <= at:
            found += self.do(ClockTick(at=due_at))
        return found + self.do(ClockTick(at=at))

    def rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Keep the last record of each clock, with the steps told since."""
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for decision in self.said:
            record = json.loads(json.dumps(decision.record))
            if decision.act is Act.CLOCK:
                rows[decision.item_id, record["metric"]] = record
            elif decision.act is Act.PROMISE_DUE:
                rows[decision.item_id, record["metric"]]["steps"] = record["steps"]
        return rows

    def row(self, metric: Metric, item_id: str = "i") -> dict[str, Any]:
        return self.rows()[item_id, metric.value]

    def due(self, metric: Metric) -> datetime:
        return datetime.fromisoformat(self.row(metric)["due_at"])


def steps_of(decisions: Iterable[Decision]) -> list[tuple[str, int]]:
    return [
        (str(decision.record["metric"]), int(str(decision.record["step"])))
        for decision in decisions
        if decision.act is Act.PROMISE_DUE
    ]


def restoring(desk: Desk, live: Mapping[str, Item], holders: Mapping[str, str], at: datetime) -> list[Event]:
    """Tell a new engine what the store knows."""
    rows = [row for (item_id, _), row in sorted(desk.rows().items()) if item_id in live]
    return [
        *(ItemQueued(at=at, item=each) for each in live.values()),
        *(ClaimRestored(at=at, item_id=id, agent_id=holder) for id, holder in sorted(holders.items())),
        *(_restored(row, at) for row in rows),
    ]


def _restored(row: Mapping[str, Any], at: datetime) -> ClockRestored:
    is_running = row["state"] == "running"
    return ClockRestored(
        at=at,
        item_id=row["item"],
        metric=row["metric"],
        policy=row["policy"],
        started_at=datetime.fromisoformat(row["started_at"]),
        target_s=row["target_s"],
        due_at=datetime.fromisoformat(row["due_at"]) if is_running else None,
        remaining_s=row["remaining_s"],
        steps=tuple(row["steps"]),
        paused_by=tuple(row["paused_by"]),
    )


steps = st.one_of(
    st.tuples(
        st.just("queue"), st.sampled_from([("shop",), ("chat",), ("vip", "shop"), ("chat", "vip"), ()])
    ),
    st.tuples(st.just("reply"), st.integers(0, 3)),
    st.tuples(st.just("write"), st.integers(0, 3)),
    st.tuples(st.just("pause"), st.integers(0, 3)),
    st.tuples(st.just("thaw"), st.integers(0, 3)),
    st.tuples(st.just("take"), st.integers(0, 3)),
    st.tuples(st.just("put_back"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.integers(1, 30_000)),
    st.tuples(st.just("wait"), st.integers(1, 200_000)),
)


class Day:
    """Plays steps on a desk, with the books a store would keep of items and holders."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.now = MONDAY
        self.live: dict[str, Item] = {}
        self.holders: dict[str, str] = {}

    def play(self, step: tuple[str, Any]) -> list[Decision]:
        kind, given_value = step
        self.now += timedelta(seconds=given_value if kind == "wait" else 7)
        found = self.desk.wait_until(self.now)
        if kind == "queue":
            number = len(self.live)
            self.live[f"i{number}"] = item(f"i{number}", self.now, given_value, arrival=number)
            return found + self.desk.do(ItemQueued(at=self.now, item=self.live[f"i{number}"]))
        if kind != "wait" and self.live:
            found += self.desk.do(*self.events(kind, list(self.live)[given_value % len(self.live)]))
        return found

    def events(self, kind: str, id: str) -> list[Event]:
        simple = {"reply": Replied, "write": CustomerWrote, "pause": ItemPaused, "thaw": ItemThawed}
        if kind in simple:
            return [simple[kind](at=self.now, item_id=id)]
        if kind == "take":
            self.holders[id] = "mei"
            return [ClaimTaken(at=self.now, item_id=id, agent_id="mei")]
        if self.holders.pop(id, None) is None:
            return []
        handed_back = ClaimOutcome.HANDED_BACK
        return [
            ClaimEnded(at=self.now, item_id=id, agent_id="mei", outcome=handed_back),
            ItemQueued(at=self.now, item=self.live[id]),
        ]

    def restart(self) -> None:
        events = restoring(self.desk, self.live, self.holders, self.now)
        self.desk.engine = Engine(self.desk.config, seed=1)
        for event in events:
            self.desk.engine.apply(event)
