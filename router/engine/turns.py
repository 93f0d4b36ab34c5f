"""In which order several items look for people at once. In: items, their queues' shares. Out: one after the other.

By their waiting keys; but a tier goes first while the share lasts of those it would be offered to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from router.engine.lanes import Entry
from router.engine.tiers import Tiers
from router.engine.work_items import WorkItem

MayGoFirst = Callable[[WorkItem], bool]
"""Tells whether an item of a tier would be offered within its share, or to nobody."""


def in_turn(works: Iterable[WorkItem], tiers: Tiers, may_go_first: MayGoFirst) -> Iterator[WorkItem]:
    """Give items one by one; each is asked for when those before it have found their place."""
    plain: deque[WorkItem] = deque()
    lines: dict[str, deque[WorkItem]] = {}
    for work in sorted(works, key=_by_entry):
        queue = work.item.queue
        (lines.setdefault(queue, deque()) if tiers.has_share(queue) else plain).append(work)
    while lines:
        heads = [line[0] for line in lines.values()]
        first = [work for work in heads if may_go_first(work)]
        if not first and plain:
            yield plain.popleft()
            continue
        chosen = min(first or heads, key=_by_entry)
        line = lines[chosen.item.queue]
        line.popleft()
        if not line:
            del lines[chosen.item.queue]
        yield chosen
    yield from plain


def _by_entry(work: WorkItem) -> Entry:
    return work.entry
