"""Room 6, relief: what is done when there is too much. In: items that come, incidents. Out: items moved, records.

Overflow sends new work of a queue that is too long to another one; an incident opens overflows, gives up skills
and keeps people free at once, until it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from router.engine.config import IncidentConfig
from router.engine.deadlines import DeadlineKind
from router.engine.decisions import Act
from router.engine.desk import Desk
from router.engine.dispatch import Dispatch
from router.engine.events import ItemQueued
from router.engine.overflow import move
from router.engine.times import to_iso
from router.messages import JsonValue


class Relief:
    """Opens and closes what relieves the queues."""

    def __init__(self, desk: Desk, dispatch: Dispatch) -> None:
        self._desk = desk
        self._dispatch = dispatch

    def queue(self, event: ItemQueued) -> None:
        """Take in an item, in the queue that overflow takes it to if its own is too long."""
        item, known = event.item, self._desk.waiting.works.get(event.item.id)
        if known is not None and item.moved_from is None:
            item = replace(item, moved_from=known.item.moved_from)
        to = None if event.is_restored else self._desk.overflows.target(item)
        if to is None:
            self._dispatch.queue(item)
        else:
            self._dispatch.queue(move(item, to, self._desk.now), moved_from=item.queue)

    def start(self, name: str, until: datetime | None) -> None:
        """Let an incident begin, or last until another time if it is on."""
        desk = self._desk
        declared, is_on = desk.incidents.declared(name), name in desk.incidents.until
        if declared is None or (is_on and until in (None, desk.incidents.until[name])):
            return
        ends_at = until or desk.now + timedelta(seconds=declared.lasts_s)
        if ends_at <= desk.now:
            self.end(name)
            return
        desk.incidents.until[name] = ends_at
        desk.deadlines.add(ends_at, DeadlineKind.INCIDENT_ENDS, name)
        self._tell(name, declared, "prolonged" if is_on else "started", ends_at)
        if declared.reserve and not is_on:
            desk.matching.change_reserves(desk.reserves())
        self.settle()
        desk.people_changed = True

    def end(self, name: str, *, by_time: bool = False) -> None:
        """Let an incident be over; what it had changed is as before."""
        desk = self._desk
        declared, ends_at = desk.incidents.declared(name), desk.incidents.until.pop(name, None)
        if declared is None or ends_at is None:
            return
        self._tell(name, declared, "ended", ends_at, reason="time" if by_time else "told")
        if declared.reserve:
            desk.matching.change_reserves(desk.reserves())
        desk.people_changed = True
        self._dispatch.judge_people()
        self._dispatch.fill_all()

    def settle(self) -> None:
        """Open and close overflows by what waits now, and say so."""
        for queue, overflow, is_open in self._desk.overflows.changes():
            self._desk.records.write(
                Act.OVERFLOW,
                self._desk.now,
                None,
                queue=queue,
                to=overflow.to,
                waiting=self._desk.waiting.count(queue),
                open=is_open,
                incident=queue in self._desk.incidents.overflowing,
            )

    def _tell(
        self, name: str, incident: IncidentConfig, state: str, until: datetime, reason: str = ""
    ) -> None:
        """Say that an incident begins or ends, and what that changes."""
        changes: Mapping[str, JsonValue] = {
            "overflow": [
                queue for queue in sorted(incident.overflow) if queue in self._desk.overflows.queues
            ],
            "relax": sorted(incident.relax),
            "reserve": dict(incident.reserve),
        }
        self._desk.records.write(
            Act.INCIDENT,
            self._desk.now,
            None,
            incident=name,
            state=state,
            until=to_iso(until),
            reason=reason,
            **changes,
        )
