"""Share-capped tiers: queues that go first, in at most `part` of `whole` consecutive picks.

Picks are counted for each pool (people with the same profile) and over the whole desk, so that the others keep
their floor in every pool. In: every pick. Out: whether a tier may go first, and the figures for the record.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from router.engine.config import QueueConfig, Share
from router.engine.staff import ProfileKey
from router.messages import JsonObject

_DESK = None


class _Window:
    """The last picks but the one to come."""

    __slots__ = ("_part", "_picks", "taken")

    def __init__(self, share: Share) -> None:
        self._part = share.part
        self._picks: deque[bool] = deque(maxlen=share.whole - 1)
        self.taken = 0

    @property
    def has_place(self) -> bool:
        return self.taken < self._part

    def note(self, *, is_mine: bool) -> None:
        picks = self._picks
        if len(picks) == picks.maxlen and picks:
            self.taken -= picks[0]
        if picks.maxlen:
            picks.append(is_mine)
            self.taken += is_mine


class Tiers:
    """The windows of every queue with a share; a pool that nobody is in any more begins anew."""

    __slots__ = ("_shares", "_windows")

    def __init__(self, queues: Mapping[str, QueueConfig]) -> None:
        self._shares = {name: queue.share for name, queue in queues.items() if queue.share is not None}
        self._windows: dict[ProfileKey | None, dict[str, _Window]] = {}

    def has_share(self, queue: str) -> bool:
        """Tell whether a queue is a tier."""
        return queue in self._shares

    def may_go_first(self, queue: str, pool: ProfileKey) -> bool:
        """Tell whether an item of a tier goes before the others of this pool."""
        return all(self._of(place)[queue].has_place for place in (pool, _DESK))

    def note(self, queue: str, pool: ProfileKey) -> None:
        """Count a pick."""
        if not self._shares:
            return
        for place in (pool, _DESK):
            for name, window in self._of(place).items():
                window.note(is_mine=name == queue)

    def forget(self, pool: ProfileKey) -> None:
        """Drop the windows of a pool nobody is in."""
        self._windows.pop(pool, None)

    def figures(self, queue: str, pool: ProfileKey) -> JsonObject | None:
        """Give the share of a tier and what it has had of the picks before this one; None for other queues."""
        share = self._shares.get(queue)
        if share is None:
            return None
        return {
            "queue": queue,
            "part": share.part,
            "whole": share.whole,
            "picks": self._of(pool)[queue].taken,
            "desk_picks": self._of(_DESK)[queue].taken,
        }

    def _of(self, place: ProfileKey | None) -> dict[str, _Window]:
        found = self._windows.get(place)
        if found is None:
            found = {name: _Window(share) for name, share in self._shares.items()}
            self._windows[place] = found
        return found
