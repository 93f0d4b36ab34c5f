"""Room 6, changes: items that are to be treated as others from now on. In: an item. Out: it in its new place.

Whatever changes, an item keeps its age, its arrival and who is not asked again for it.
"""

from __future__ import annotations

from dataclasses import replace

from router.engine.answers import Answers
from router.engine.decisions import Act
from router.engine.desk import Desk
from router.engine.dispatch import Dispatch
from router.engine.events import Item
from router.engine.needs import needs_to_json
from router.engine.refiling import NeedsChanged, Refiling
from router.engine.survey import standing
from router.engine.work_items import WorkItem
from router.messages import JsonObject


class Changes:
    """Changes items wherever they stand."""

    def __init__(self, desk: Desk, dispatch: Dispatch, answers: Answers) -> None:
        self._desk = desk
        self._dispatch = dispatch
        self._answers = answers
        self._refiling = Refiling(desk)

    def change(self, work: WorkItem, item: Item, reason: str) -> None:
        """Treat an item as told; a waiting one moves, an offered one stays with whoever may still serve it."""
        changed = self._with_age(work.item, item)
        if changed == work.item:
            return
        desk, lane, before = self._desk, work.lane, self._terms(work)
        desk.waiting.remove(work)
        work.change(changed)
        needs_changed: NeedsChanged = []
        if lane is None:
            self._refiling.leave(work, desk.now)
        else:
            # filed first, so that the record says where it stands now
            keeper, needs_changed = self._refiling.judge(work)
            self._refiling.file(work, keeper)
        desk.records.write(
            Act.REPRIORITISED, desk.now, work, reason=reason, before=before, after=self._terms(work)
        )
        self._refiling.tell(work, needs_changed)
        if lane is not None:
            self._dispatch.explain_head(lane)
            self._dispatch.look_for_place(work)
        elif work.offer is not None:
            self._answers.person_changed(desk.matching.agents[work.offer.agent_id])

    def _with_age(self, known: Item, item: Item) -> Item:
        is_same_queue = item.queue == known.queue
        return replace(
            item,
            eligible_since=known.eligible_since,
            arrival=known.arrival,
            entered_queue_at=known.entered_queue_at if is_same_queue else self._desk.now,
            moved_from=known.moved_from,
            offers_made=known.offers_made,
            declined=known.declined,
            declined_at=known.declined_at,
        )

    def _terms(self, work: WorkItem) -> JsonObject:
        """Give what decides about an item: its queue, place, needs and promises."""
        item, place = work.item, standing(self._desk.waiting, work, self._desk.matching.lane(work.lane_key))
        return {
            "queue": item.queue,
            "channel_class": item.channel_class,
            "needs": needs_to_json(item.needs),
            "sla": list(item.sla),
            "boost_s": item.boost_s,
            "due_at": place["due_at"],
            "key": place["key"],
            "place": None if work.lane is None else place["place"],
        }
