"""Room 6, steering: what a supervisor changes by hand, and what people announce.

In: planned absences, incidents, priorities and pauses, each checked. Out: rows in the store, then events for
the engine. What the engine makes of them comes back as its decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, select, update

from router.clock import Clock
from router.engine.config import EngineConfig, IncidentConfig
from router.engine.events import (
    AbsencePlanned,
    IncidentEnded,
    IncidentStarted,
    ItemChanged,
    ItemPaused,
    ItemThawed,
)
from router.engine_room import EngineRoom
from router.errors import NotFound, RoutingError, StaleVersion
from router.model.desk import IncidentPreview, QueueInIncident, RelaxedSkill
from router.model.filing import Row
from router.storage.duty import Absence, cancel_absence, end_incident, start_incident, store_absence
from router.storage.schema import work_item
from router.storage.store import Store
from router.storage.timeline import add_event

LONGEST_INCIDENT = timedelta(days=7)


class RulesNow(Protocol):
    """The rules in force."""

    @property
    def engine_config(self) -> EngineConfig:
        """Give what the engine is told of the rules."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a live item by hand, with what its conversation's timeline says of it."""

    conversation_id: str
    agent_id: str
    kind: str
    fields: dict[str, object]
    values: dict[str, object]
    at: datetime


class Steering:
    """Takes what people change about routing while it runs."""

    def __init__(self, store: Store, clock: Clock, room: EngineRoom, rules: RulesNow) -> None:
        self._store = store
        self._clock = clock
        self._room = room
        self._rules = rules

    @property
    def engine_config(self) -> EngineConfig:
        """Give what the rules in force tell the engine."""
        return self._rules.engine_config

    # --- people -----------------------------------------------------------------------------------

    async def plan_absence(
        self, agent_id: str, since: datetime, until: datetime | None, reason: str, *, planned_by: str
    ) -> None:
        """Announce that an agent will be gone. Raises RoutingError for a span in the past, NotFound."""
        now = self._clock.now()
        planned = Absence(
            agent_id=agent_id,
            since=since,
            until=until,
            reason=reason,
            planned_by=planned_by,
            planned_at=now,
        )
        await self._store.write(store_absence, planned)
        await self._room.tell(AbsencePlanned(at=now, agent_id=agent_id, since=since, until=until))

    async def cancel_absence(self, agent_id: str) -> None:
        """Take an announced absence back. Raises NotFound when there is none."""
        await self._store.write(cancel_absence, agent_id)
        now = self._clock.now()
        # a plan that is over already takes the earlier one back
        await self._room.tell(AbsencePlanned(at=now, agent_id=agent_id, since=now, until=now))

    # --- incidents --------------------------------------------------------------------------------

    async def start_incident(self, name: str, until: datetime | None, *, started_by: str) -> None:
        """Switch on an incident of the rules. Raises NotFound, RoutingError when it is on or has no time."""
        now = self._clock.now()
        ends_at = self._end_of(name, until, now)
        await self._store.write(start_incident, name, ends_at, started_by, now)
        await self._room.tell(IncidentStarted(at=now, name=name, until=ends_at))

    async def end_incident(self, name: str) -> None:
        """Switch an incident off. Raises NotFound when it is not on."""
        now = self._clock.now()
        if not await self._store.write(end_incident, name, now):
            raise NotFound(f"the incident {name!r} is not on")
        await self._room.tell(IncidentEnded(at=now, name=name))

    async def preview_incident(self, name: str, until: datetime | None) -> IncidentPreview:
        """Say what an incident would change now. Raises NotFound, RoutingError."""
        ends_at = self._end_of(name, until, self._clock.now())
        incident = self._incident(name)
        async with self._store.reading() as connection:
            waiting = await connection.run_sync(_waiting_items)
        return IncidentPreview(
            name=name,
            until=ends_at,
            queues=[
                QueueInIncident(
                    queue=queue,
                    to=overflow.to if (overflow := self._rules.engine_config.queue(queue).overflow) else "",
                    waiting=sum(row["queue"] == queue for row in waiting),
                )
                for queue in sorted(incident.overflow)
            ],
            relaxed=[
                RelaxedSkill(skill=skill, waiting=sum(_asks(row, skill) for row in waiting))
                for skill in sorted(incident.relax)
            ],
            reserve=dict(sorted(incident.reserve.items())),
        )

    def _incident(self, name: str) -> IncidentConfig:
        incidents = self._rules.engine_config.incidents
        if name not in incidents:
            known = ", ".join(sorted(incidents)) or "none"
            raise NotFound(f"the rules declare no incident {name!r}; there are: {known}")
        return incidents[name]

    def _end_of(self, name: str, until: datetime | None, now: datetime) -> datetime:
        incident = self._incident(name)
        ends_at = until or now + timedelta(seconds=incident.lasts_s)
        if not now < ends_at <= now + LONGEST_INCIDENT:
            raise RoutingError("an incident ends in the future, at most seven days from now")
        return ends_at

    # --- items ------------------------------------------------------------------------------------

    async def prioritise(self, conversation_id: str, boost_s: int, reason: str, *, agent_id: str) -> None:
        """Let an item count as older by hand, wherever it stands. Raises NotFound without open work."""
        change = Change(
            conversation_id=conversation_id,
            agent_id=agent_id,
            kind="prioritised",
            fields={"boost_s": boost_s, "reason": reason},
            values={"boost_s": boost_s},
            at=self._clock.now(),
        )
        row = await self._store.write(change_item, change)
        item = self._room.item_of(row)
        await self._room.tell(ItemChanged(at=change.at, item=item, reason=reason))

    async def pause(self, conversation_id: str, reason: str, *, agent_id: str) -> None:
        """Declare that the resolution waits for something outside. Raises NotFound, StaleVersion."""
        row = await self._declare(conversation_id, agent_id, "paused", reason)
        await self._room.tell(ItemPaused(at=self._clock.now(), item_id=row["id"], reason=reason))

    async def thaw(self, conversation_id: str, *, agent_id: str) -> None:
        """Declare a pause over. Raises NotFound, StaleVersion."""
        row = await self._declare(conversation_id, agent_id, "thawed", None)
        await self._room.tell(ItemThawed(at=self._clock.now(), item_id=row["id"]))

    async def _declare(self, conversation_id: str, agent_id: str, kind: str, pause: str | None) -> Row:
        change = Change(
            conversation_id=conversation_id,
            agent_id=agent_id,
            kind=kind,
            fields={"reason": pause or ""},
            values={"pause": pause},
            at=self._clock.now(),
        )
        return await self._store.write(_declare_pause, change)


def _declare_pause(connection: Connection, change: Change) -> Row:
    row = _live_item(connection, change.conversation_id)
    is_paused = row["pause"] is not None
    if is_paused == (change.kind == "paused"):
        raise StaleVersion("it is paused already" if is_paused else "it is not paused")
    return change_item(connection, change)


def change_item(connection: Connection, change: Change) -> Row:
    """Change a live item, note it on the timeline, and give its row as it is now."""
    item_id = _live_item(connection, change.conversation_id)["id"]
    connection.execute(update(work_item).where(work_item.c.id == item_id).values(**change.values))
    add_event(connection, change.conversation_id, change.agent_id, change.kind, change.fields, change.at)
    return _live_item(connection, change.conversation_id)


def _live_item(connection: Connection, conversation_id: str) -> Row:
    statement = select(work_item).where(
        work_item.c.conversation_id == conversation_id, work_item.c.state != "done"
    )
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound("this conversation has no open work")
    return dict(row)


def _waiting_items(connection: Connection) -> Sequence[Row]:
    statement = select(work_item.c.queue, work_item.c.needs).where(work_item.c.state == "waiting")
    return [dict(row) for row in connection.execute(statement).mappings()]


def _asks(row: Row, skill: str) -> bool:
    return any(skill in (need.get("require"), need.get("prefer")) for need in row["needs"])
