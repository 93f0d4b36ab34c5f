"""Where a waiting item belongs at the moment: what it asks, and whom it is kept for. In: time and people.

Nothing is offered here; an item that belongs elsewhere now is filed there with its place in line, and whoever
calls looks for a person for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from router.engine.deadlines import DeadlineKind
from router.engine.decisions import Act
from router.engine.desk import Desk
from router.engine.ladder import Why
from router.engine.lanes import Lane
from router.engine.needs import Need, needs_to_json
from router.engine.relaxing import Kind, entered_at
from router.engine.staff import Agent
from router.engine.work_items import WorkItem

NeedsChanged = list[tuple[Act, str, list[Need]]]
"""Needs given up or asked for again, and why; for records."""


_WHYS = tuple(Why)


class Refiling:
    """Keeps what waiting items ask up to date."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def judge(self, work: WorkItem) -> tuple[Agent | None, NeedsChanged]:
        """Put the needs of the moment in force; give whom the item is kept for, and what changed."""
        return self._judge(work, self._desk.relaxing.kind(work))

    def file(self, work: WorkItem, keeper: Agent | None) -> None:
        """Let an item wait where it belongs, with the time at which that changes by itself."""
        kind = self._desk.relaxing.kind(work)
        self._file(work, kind, keeper, self._lane(work, keeper))

    def refile(self, work: WorkItem, *, is_told: bool = True) -> bool:
        """File a waiting item anew; tell whether it belongs elsewhere now."""
        before = work.lane
        if before is None:
            return False
        kind = self._desk.relaxing.kind(work)
        was_kept = self._desk.affinity.is_kept(work)
        keeper, changes = self._judge(work, kind)
        after = self._lane(work, keeper)
        if after is before:
            return False
        self._desk.waiting.remove(work)
        self._file(work, kind, keeper, after)
        if is_told:
            self.tell(work, changes)
        if was_kept:
            # what it waits for is told anew
            work.blocked = None
        return True

    def leave(self, work: WorkItem, at: datetime) -> None:
        """Note what an item asks for that somebody was asked for: only what is never given up can end that.

        What was given up by then has been told.
        """
        kind = self._desk.relaxing.kind(work)
        if kind is None:
            work.ask_for(None)
        else:
            told = kind.ladder.dropped(at - entered_at(work.item))
            work.ask_for(kind.asked(kind.weakest_first, told))

    def tell(self, work: WorkItem, changes: NeedsChanged) -> None:
        """Write a record of needs given up or asked for again."""
        now = self._desk.now
        for act, why, needs in changes:
            self._desk.records.write(
                act,
                now,
                work,
                changed=needs_to_json(needs),
                why=why,
                in_queue_s=(now - entered_at(work.item)).total_seconds(),
                needs=needs_to_json(work.needs),
            )

    def _lane(self, work: WorkItem, keeper: Agent | None) -> Lane:
        desk = self._desk
        return desk.matching.lane(work.lane_key) if keeper is None else desk.affinity.lane(work, keeper)

    def _judge(self, work: WorkItem, kind: Kind | None) -> tuple[Agent | None, NeedsChanged]:
        keeper = self._desk.affinity.keeper(work, self._desk.now)
        if kind is None:
            work.ask_for(None)
            return keeper, []
        if keeper is not None:
            work.ask_for(kind.asked(kind.weakest_first, work.told))
            return keeper, []
        dropped = kind.ladder.dropped(self._desk.now - entered_at(work.item))
        changes = _changes(kind.weakest_first, work.told, dropped)
        has_all = not dropped and kind.needs == work.item.needs
        work.ask_for(None if has_all else kind.asked(dropped, dropped))
        return None, changes

    def _file(self, work: WorkItem, kind: Kind | None, keeper: Agent | None, lane: Lane) -> None:
        desk = self._desk
        desk.waiting.add(work, lane)
        desk.affinity.waits(work, desk.now)
        changes_at = None
        if keeper is not None:
            changes_at = desk.affinity.until(work)
        elif kind is not None:
            kind.lanes[lane.key] = None
            changes_at = min((at for at in kind.changes_at(work) if at > desk.now), default=None)
        if changes_at is not None:
            desk.deadlines.add(changes_at, DeadlineKind.NEEDS_CHANGE, work.item.id)


def _changes(
    weakest_first: tuple[Need, ...], told: frozenset[Need], dropped: Mapping[Need, Why]
) -> NeedsChanged:
    if not told and not dropped:
        return []
    changes: NeedsChanged = []
    lost = [(need, dropped[need]) for need in weakest_first if need in dropped and need not in told]
    for why in _WHYS if lost else ():
        given_up = [need for need, reason in lost if reason is why]
        if given_up:
            changes.append((Act.NEED_DROPPED, why.value, given_up))
    back = [need for need in weakest_first if need in told and need not in dropped]
    if back:
        changes.append((Act.NEED_RESTORED, "", back))
    return changes
