"""Who still has after-call work: solved work that goes on taking room for a while. In: claims whose work is done.

Out: how long each lasts. Only books; what begins and ends is decided in `claims`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from router.engine.config import EngineConfig
from router.engine.deadlines import DeadlineKind, Deadlines
from router.engine.events import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """The after-call work of a person on an item nobody waits for any more."""

    item: Item
    agent_id: str
    since: datetime
    until: datetime


class WrapUps:
    """The after-call work that lasts, by item."""

    __slots__ = ("_by_item", "_config", "_deadlines")

    def __init__(self, config: EngineConfig, deadlines: Deadlines) -> None:
        self._config = config
        self._deadlines = deadlines
        self._by_item: dict[str, WrapUp] = {}

    def span(self, item: Item) -> timedelta:
        """Give how long the after-call work of an item lasts: as its queue says, else as its channel class does."""
        by_queue = self._config.queue(item.queue).wrap_up_s
        by_class = self._config.capacity.of(item.channel_class).wrap_up_s
        return timedelta(seconds=by_class if by_queue is None else by_queue)

    def begin(self, wrap_up: WrapUp) -> None:
        """Remember after-call work, and when it ends by itself."""
        self._by_item[wrap_up.item.id] = wrap_up
        self._deadlines.add(wrap_up.until, DeadlineKind.WRAP_UP_ENDS, wrap_up.item.id)

    def of(self, item_id: str) -> WrapUp | None:
        """Give the after-call work of an item, None if it has none."""
        return self._by_item.get(item_id)

    def end(self, item_id: str) -> WrapUp | None:
        """Forget after-call work that is over; give what it was."""
        return self._by_item.pop(item_id, None)
